// Loads TypeScript, and gives `src/` the host's modules in place of the Moddable SDK's. Used by mocha and the command.
import { register } from "node:module";
import { register as registerTypeScript } from "tsx/esm/api";

registerTypeScript();
register("./ecma419/resolve.js", import.meta.url);
