/** What an owner holds: an instance of a class of its own, with all that it alone leads to first. */
export interface Holding {
	readonly owner: string;
	readonly instances: number;
	readonly slots: number;
	readonly functions: number;
	readonly environments: number;
	readonly chunks: number;
}

interface Slot {
	readonly next: string | undefined;
	readonly references: readonly string[];
	readonly chunks: ReadonlyMap<string, number>;
	/** `f` a function, `i` an instance of a class, `p` one of a class of XS's own, `e` an environment; with the name behind. */
	readonly kind: string;
}

/** Of what no instance of a class holds. */
const NOBODY = "(modules and globals)";

/**
 * Who holds the program's slots and chunks. Each slot counts for the instance of a class from which it is reached first, and that
 * is the nearest, counted from the modules.
 *
 * @param lines what `XsMachine.census` has said: native/census.c
 */
export function readCensus(lines: string): Holding[] {
	const { slots, roots, foreign } = parse(lines);
	const owners = new Map<string, string>();
	const queue: string[] = [];
	const reach = (address: string, owner: string) => {
		const slot = slots.get(address);
		if (slot === undefined || owners.has(address)) return;
		const isOwner = slot.kind.startsWith("i");
		owners.set(address, isOwner ? slot.kind.slice(1) : owner);
		queue.push(address);
	};
	for (const root of roots) reach(root, NOBODY);
	for (let address = queue.shift(); address !== undefined; address = queue.shift()) {
		const { next, references } = slots.get(address) as Slot;
		const owner = owners.get(address) as string;
		if (next !== undefined) reach(next, owner);
		for (const reference of references) reach(reference, owner);
	}
	return add(slots, owners, foreign);
}

function add(slots: ReadonlyMap<string, Slot>, owners: ReadonlyMap<string, string>, foreign: Set<string>): Holding[] {
	const holdings = new Map<string, Sum>();
	const counted = new Set(foreign);
	for (const [address, slot] of slots) {
		const owner = owners.get(address) ?? NOBODY;
		const sum = holdings.get(owner) ?? { owner, instances: 0, slots: 0, functions: 0, environments: 0, chunks: 0 };
		holdings.set(owner, sum);
		addSlot(sum, slot, counted);
	}
	return [...holdings.values()].sort((a, b) => b.slots - a.slots || b.chunks - a.chunks);
}

type Sum = { -readonly [name in keyof Holding]: Holding[name] };

function addSlot(sum: Sum, { kind, chunks }: Slot, counted: Set<string>): void {
	sum.slots += 1;
	if (kind.startsWith("i")) sum.instances += 1;
	if (kind.startsWith("f")) sum.functions += 1;
	if (kind === "e") sum.environments += 1;
	for (const [chunk, bytes] of chunks) {
		if (!counted.has(chunk)) sum.chunks += bytes;
		counted.add(chunk);
	}
}

function parse(lines: string) {
	const slots = new Map<string, Slot>();
	const roots = new Set<string>();
	/** Chunks that lived before the program. */
	const foreign = new Set<string>();
	for (const line of lines.split("\n")) {
		if (line === "") continue;
		const [head = "", ...words] = line.split(" ");
		const of = (letter: string) => words.filter((word) => word.startsWith(letter)).map((word) => word.slice(1));
		const chunks = new Map(of("c").map((word) => word.split(":") as [string, string]));
		if (head.startsWith("b")) {
			for (const reference of of("r")) roots.add(reference);
			for (const chunk of chunks.keys()) foreign.add(chunk);
			continue;
		}
		slots.set(head.slice(1), {
			next: of("n")[0],
			references: of("r"),
			chunks: new Map([...chunks].map(([chunk, bytes]) => [chunk, Number.parseInt(bytes, 16)])),
			kind: words.find((word) => /^[fipe]/.test(word)) ?? "",
		});
	}
	return { slots, roots, foreign };
}
