declare function hostHeap(which: 0 | 1 | 2 | 3): number;
declare function hostCollect(): void;

const ROUNDS = 100;

/** What a function and a text of the code take, each made many times and kept, is traced as JSON: bytes of chunks, a piece. */
export default function main(): void {
	const functions: (() => number)[] = [];
	const texts: { text: string }[] = [];
	for (let i = 0; i < ROUNDS; i += 1) {
		functions.push(() => i);
		texts.push({ text: "" });
	}
	const chunksPerFunction = bytes(() => {
		for (let i = 0; i < ROUNDS; i += 1) functions[i] = () => i + ROUNDS;
	});
	const chunksPerText = bytes(() => {
		for (let i = 0; i < ROUNDS; i += 1) (texts[i] as { text: string }).text = "a text that the code has";
	});
	const own = Object.getOwnPropertyNames(functions[0]).filter((name) => name === "name" || name === "length");
	trace(JSON.stringify({ chunksPerFunction, chunksPerText, own }));
}

function bytes(make: () => void): number {
	hostCollect();
	const before = hostHeap(1);
	make();
	hostCollect();
	return (hostHeap(1) - before) / ROUNDS;
}
