// A title is a line of the output: this looks at each as it is printed, before the first test of a file runs.
import assert from "node:assert/strict";

/** Characters that a title may have. */
export const MAX_TITLE = 79;

function titlesOf(suite: Mocha.Suite): string[] {
	return [suite.title, ...suite.tests.map(({ title }) => title), ...suite.suites.flatMap(titlesOf)];
}

export const mochaHooks = {
	beforeAll(this: Mocha.Context): void {
		const root = this.test?.parent;
		assert.ok(root?.root, "this hook belongs to the root of all suites");
		const long = titlesOf(root).filter((title) => title.length > MAX_TITLE);
		assert.deepEqual(long, [], `a title has at most ${MAX_TITLE} characters`);
	},
};
