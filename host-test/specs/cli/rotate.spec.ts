import { describeMistakes } from "../kit/mistakes.js";

describeMistakes("rotate", [
	["--certificate DIR/none --private-key DIR/none", 2, /no such file/],
	["--certificate COMMAND --private-key KEY", 2, /PEM files/],
	["--certificate COMMAND --private-key KEY --url https://x/y", 2, /--url and --out/],
]);
