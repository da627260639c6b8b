import { describeMistakes } from "../kit/mistakes.js";

describeMistakes("broker --dir DIR", [
	["--redis x", 2, /--redis: write redis:\/\/HOST:PORT/],
	["--redis redis://127.0.0.1:1", 1, /cannot be reached: ECONNREFUSED/],
	["--redis redis://127.0.0.1:1 --policy x", 2, /--policy x: write NAME=FILE/],
]);
