/** An app without the agent. */
export default function main(): void {}
