// The page of the emulator: what the server tells, as DOM. No build step, no library.

/** What is known: as the server's first event says it, and each later one changes it. */
let state = { things: [], jobs: [], executions: [], wire: [], faults: [], groups: [] };
let chosen;
let drawing = false;

const $ = (id) => document.getElementById(id);

/** An element; texts are texts, whatever is in them. */
function element(tag, properties, ...children) {
	const { data = {}, ...others } = properties ?? {};
	const made = Object.assign(document.createElement(tag), others);
	Object.assign(made.dataset, data);
	made.append(...children.filter((child) => child !== undefined));
	return made;
}

function button(key, text, onclick, pressed) {
	const made = element("button", { type: "button", data: { key }, onclick }, text);
	if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
	return made;
}

/**
 * Puts new content in place of the old one, where it is another: a button that is being pressed stays the same. Who had the focus
 * has it again.
 */
function put(id, children) {
	const key = document.activeElement?.dataset?.key;
	const container = $(id);
	const { scrollTop } = container;
	children.forEach((child, i) => {
		const old = container.children[i];
		if (old === undefined) container.append(child);
		else if (!old.isEqualNode(child)) old.replaceWith(child);
	});
	while (container.children.length > children.length) container.lastElementChild.remove();
	container.scrollTop = scrollTop;
	if (key !== undefined && document.activeElement?.dataset?.key !== key) {
		container.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
	}
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1, hourCycle: "h23" };
const clock = (ms) => new Date(ms).toLocaleTimeString(undefined, CLOCK);
const status = (text) => element("strong", { className: text }, text.replace("_", " "));
const keyOf = ({ thing, jobId, number }) => `${thing} ${jobId} ${number}`;

async function post(path, body) {
	const response = await fetch(path, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(body),
	});
	if (!response.ok) throw new Error((await response.json()).message);
}

const say = (error) => {
	$("state").textContent = error.message;
};
const act = (path, body) => () => post(path, body).catch(say);

function drawThings() {
	const rows = state.things.map(({ name, online, device }) => {
		const power = device?.powered
			? button(`cut ${name}`, "Cut power", act("power", { thing: name, on: false }))
			: button(`power ${name}`, "Power on", act("power", { thing: name, on: true }));
		const version =
			device === undefined ? undefined : element("small", {}, `virtual, version ${device.version ?? "?"}`);
		const dot = element(
			"span",
			{ className: online ? "dot on" : "dot" },
			name,
			element("small", {}, online ? " online" : " offline"),
		);
		return element("li", {}, element("div", { className: "row" }, dot, version, power));
	});
	put("things", rows.length > 0 ? rows : [element("li", {}, "There is no thing.")]);
	const select = document.querySelector("#new-job select");
	const wanted = [
		...state.things.map(({ name }) => `thing/${name}`),
		...state.groups.map((name) => `thinggroup/${name}`),
	];
	if ([...select.options].map(({ value }) => value).join() !== wanted.join()) {
		select.replaceChildren(...wanted.map((value) => element("option", { value }, value.replace("/", " "))));
	}
}

function drawJobs() {
	const rows = state.jobs.map((job) => {
		const executions = state.executions.filter(({ jobId }) => jobId === job.jobId);
		const ended = job.rolledOut - job.pending;
		const bar = element("meter", {
			min: 0,
			max: Math.max(1, job.members),
			value: ended,
			title: `${ended} of ${job.members} have ended`,
		});
		bar.setAttribute("aria-label", `${ended} of ${job.members} have ended`);
		const rollout =
			job.rolledOut < job.members ? element("small", {}, `${job.rolledOut} of ${job.members} rolled out`) : undefined;
		const list = executions.slice(-20).map((execution) => {
			const key = keyOf(execution);
			const name = `${execution.thing} #${execution.number}`;
			const choose = button(
				`execution ${key}`,
				name,
				() => {
					chosen = key;
					draw();
				},
				chosen === key,
			);
			return element("div", { className: "row" }, element("span", {}, choose), status(execution.status));
		});
		const head = element("div", { className: "row" }, element("span", {}, job.jobId), status(job.status), bar, rollout);
		return element("li", {}, head, ...list);
	});
	put("jobs", rows.length > 0 ? rows : [element("li", {}, "There is no job yet.")]);
}

function drawTimeline() {
	const execution = state.executions.find((one) => keyOf(one) === chosen) ?? state.executions.at(-1);
	$("timeline-of").textContent =
		execution === undefined
			? "There is no execution yet."
			: `${execution.jobId} on ${execution.thing}, execution ${execution.number}`;
	const rows = (execution?.timeline ?? []).map(({ at, what, detail }) =>
		element(
			"li",
			{},
			element("time", {}, clock(at)),
			element("span", {}, element("strong", { className: what }, what), detail ? ` ${detail}` : ""),
		),
	);
	put("timeline", rows);
}

function drawFaults() {
	const fault = (text, body) => button(`fault ${text}`, text, act("faults", body));
	put("faults", [
		fault("Drop the next answer", { action: "lose", to: "device", times: 1 }),
		fault("Drop the next request", { action: "lose", to: "service", times: 1 }),
		fault("Throttle 3 requests", { action: "error", code: "RequestThrottled", times: 3 }),
		fault("Delay everything by 2 s", { action: "delay", ms: 2_000 }),
		fault("Cut the next connection", { action: "cut", times: 1 }),
		button("fault clear", "No faults", act("faults", { action: "none" })),
	]);
	put(
		"armed",
		state.faults.map((text) => element("li", {}, text)),
	);
}

function drawWire() {
	const filter = $("filter").value;
	const rows = state.wire
		.filter(({ topic }) => topic.includes(filter))
		.slice(-200)
		.reverse()
		.map(({ at, from, topic, payload }) => {
			const arrow = element(
				"span",
				{ title: from === "device" ? "to the service" : "to the device" },
				from === "device" ? "→" : "←",
			);
			return element(
				"li",
				{},
				element("time", {}, clock(at)),
				arrow,
				element("span", {}, topic),
				element("span", {}, payload),
			);
		});
	put("wire", rows);
}

function draw() {
	if (drawing) return;
	drawing = true;
	requestAnimationFrame(() => {
		drawing = false;
		drawThings();
		drawJobs();
		drawTimeline();
		drawFaults();
		drawWire();
	});
}

$("filter").addEventListener("input", draw);
$("new-job").addEventListener("submit", async (event) => {
	event.preventDefault();
	const { jobId, target, document: text } = Object.fromEntries(new FormData(event.target));
	try {
		await post("jobs", { jobId, target, document: text });
		$("form-error").textContent = "";
		event.target.elements.jobId.value = "";
	} catch (error) {
		$("form-error").textContent = error.message;
	}
});

const events = new EventSource("events");
events.onopen = () => {
	$("state").textContent = "connected";
};
events.onerror = () => {
	$("state").textContent = "the emulator does not answer";
};
events.onmessage = ({ data }) => {
	state = { ...state, ...JSON.parse(data) };
	draw();
};
events.addEventListener("wire", ({ data }) => {
	state.wire = [...state.wire.slice(-499), JSON.parse(data)];
	draw();
});
draw();
