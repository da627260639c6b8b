import { benchDownload } from "./download.js";

await benchDownload((t = "") => process.stdout.write(`${t}\n`));
