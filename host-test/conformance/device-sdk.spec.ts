import assert from "node:assert/strict";
import { iot, iotjobs, mqtt } from "aws-iot-device-sdk-v2";
import { EmulatorProcess } from "./emulator-process.js";

const { IotJobsClient, IotJobsClientv2 } = iotjobs;
const { JobStatus, RejectedErrorCode } = iotjobs.model;
const thingName = "alpha";
const document = { operation: "reboot" };

/** A promise, and the callback that resolves it. */
class Next<T> {
	readonly #got: T[] = [];
	#waiting: (() => void) | undefined;

	readonly handler = (error: unknown, value?: T) => {
		if (error) throw error;
		this.put(value as T);
	};

	put(value: T): void {
		this.#got.push(value);
		this.#waiting?.();
	}

	async value(): Promise<T> {
		while (this.#got.length === 0) {
			await new Promise<void>((resolve) => {
				this.#waiting = resolve;
			});
		}
		return this.#got.shift() as T;
	}
}

/** The SDK declares a Date, and hands on the number of the message: seconds since the epoch. */
function assertNow(time: unknown): void {
	assert.ok(Math.abs(Number(time) * 1_000 - Date.now()) < 60_000, `${time}: seconds since the epoch`);
}

describe("AWS IoT Device SDK v2 for JavaScript, over MQTT with mutual TLS", () => {
	let emulator: EmulatorProcess;
	let connection: mqtt.MqttClientConnection;
	let count = 0;
	/** Jobs of one test are over when it ends: the next one finds an empty queue. */
	const newJob = async (timeoutConfig?: object) => {
		count += 1;
		await emulator.createJob(`job-${count}`, thingName, document, timeoutConfig);
		return `job-${count}`;
	};

	function connect(clientId: string, port: number, alpn?: string): mqtt.MqttClientConnection {
		const { certificate, privateKey } = emulator.addresses.things[thingName] as {
			certificate: string;
			privateKey: string;
		};
		const builder = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(certificate, privateKey);
		// The builder offers this name on port 443 alone, and has no way to ask for it on another.
		const { tls_ctx_options } = builder as unknown as { tls_ctx_options: { alpn_list: string[] } };
		if (alpn !== undefined) tls_ctx_options.alpn_list = [alpn];
		const config = builder
			.with_certificate_authority_from_path(undefined, emulator.addresses.ca)
			.with_client_id(clientId)
			.with_clean_session(true)
			.with_endpoint("localhost")
			.with_port(port)
			.build();
		return new mqtt.MqttClient().new_connection(config);
	}

	before(async () => {
		emulator = await EmulatorProcess.start("--thing", thingName);
	});
	after(() => emulator.end());
	beforeEach(async () => {
		connection = connect(thingName, emulator.addresses.mqtt.port);
		await connection.connect();
	});
	afterEach(() => connection.disconnect());

	describe("its Jobs client v1", () => {
		let jobs: iotjobs.IotJobsClient;
		beforeEach(() => {
			jobs = new IotJobsClient(connection);
		});

		it("GetPendingJobExecutions is accepted and rejected", async () => {
			const jobId = await newJob();
			const accepted = new Next<iotjobs.model.GetPendingJobExecutionsResponse>();
			const rejected = new Next<iotjobs.model.RejectedErrorResponse>();
			await jobs.subscribeToGetPendingJobExecutionsAccepted({ thingName }, mqtt.QoS.AtLeastOnce, accepted.handler);
			await jobs.subscribeToGetPendingJobExecutionsRejected({ thingName }, mqtt.QoS.AtLeastOnce, rejected.handler);
			await jobs.publishGetPendingJobExecutions({ thingName, clientToken: "t1" }, mqtt.QoS.AtLeastOnce);
			const response = await accepted.value();
			assert.equal(response.clientToken, "t1");
			assert.deepEqual(response.inProgressJobs, []);
			assert.equal(response.queuedJobs?.[0]?.jobId, jobId);
			assert.equal(response.queuedJobs?.[0]?.versionNumber, 1);
			assertNow(response.queuedJobs?.[0]?.queuedAt);
			await jobs.publishGetPendingJobExecutions({ thingName, clientToken: "x".repeat(65) }, mqtt.QoS.AtLeastOnce);
			assert.equal((await rejected.value()).code, RejectedErrorCode.INVALID_REQUEST);
			await jobs.publishUpdateJobExecution({ thingName, jobId, status: JobStatus.REJECTED }, mqtt.QoS.AtLeastOnce);
		});

		it("StartNext, Describe and Update are accepted and rejected", async () => {
			const jobId = await newJob();
			const started = new Next<iotjobs.model.StartNextJobExecutionResponse>();
			const startRejected = new Next<iotjobs.model.RejectedErrorResponse>();
			const described = new Next<iotjobs.model.DescribeJobExecutionResponse>();
			const describeRejected = new Next<iotjobs.model.RejectedErrorResponse>();
			const updated = new Next<iotjobs.model.UpdateJobExecutionResponse>();
			const updateRejected = new Next<iotjobs.model.RejectedErrorResponse>();
			const qos = mqtt.QoS.AtLeastOnce;
			await jobs.subscribeToStartNextPendingJobExecutionAccepted({ thingName }, qos, started.handler);
			await jobs.subscribeToStartNextPendingJobExecutionRejected({ thingName }, qos, startRejected.handler);
			await jobs.subscribeToDescribeJobExecutionAccepted({ thingName, jobId }, qos, described.handler);
			await jobs.subscribeToDescribeJobExecutionRejected({ thingName, jobId }, qos, describeRejected.handler);
			await jobs.subscribeToUpdateJobExecutionAccepted({ thingName, jobId }, qos, updated.handler);
			await jobs.subscribeToUpdateJobExecutionRejected({ thingName, jobId }, qos, updateRejected.handler);

			const statusDetails = { step: "begun" };
			await jobs.publishStartNextPendingJobExecution({ thingName, statusDetails, stepTimeoutInMinutes: 5 }, qos);
			const { execution } = await started.value();
			assert.equal(execution?.jobId, jobId);
			assert.equal(execution?.status, JobStatus.IN_PROGRESS);
			assert.deepEqual(execution?.jobDocument, document);
			assert.deepEqual(execution?.statusDetails, statusDetails);
			await jobs.publishStartNextPendingJobExecution({ thingName, stepTimeoutInMinutes: 20_000 }, qos);
			assert.equal((await startRejected.value()).code, RejectedErrorCode.INVALID_REQUEST);

			await jobs.publishDescribeJobExecution({ thingName, jobId, includeJobDocument: false }, qos);
			assert.equal((await described.value()).execution?.versionNumber, 2);
			await jobs.publishDescribeJobExecution({ thingName, jobId, executionNumber: 9 }, qos);
			assert.equal((await describeRejected.value()).code, RejectedErrorCode.RESOURCE_NOT_FOUND);

			const update = { thingName, jobId, expectedVersion: 99, status: JobStatus.SUCCEEDED };
			await jobs.publishUpdateJobExecution(update, qos);
			const mismatch = await updateRejected.value();
			assert.equal(mismatch.code, RejectedErrorCode.VERSION_MISMATCH);
			assert.equal(mismatch.executionState?.versionNumber, 2);
			const flags = { includeJobExecutionState: true, includeJobDocument: true };
			await jobs.publishUpdateJobExecution({ ...update, expectedVersion: 2, ...flags }, qos);
			const answer = await updated.value();
			assert.equal(answer.executionState?.status, JobStatus.SUCCEEDED);
			assert.deepEqual(answer.jobDocument, document);
			await jobs.publishDescribeJobExecution({ thingName, jobId }, qos);
			assert.equal((await describeRejected.value()).code, RejectedErrorCode.TERMINAL_STATE_REACHED);
			await jobs.publishUpdateJobExecution({ thingName, jobId, status: JobStatus.FAILED }, qos);
			assert.equal((await updateRejected.value()).code, RejectedErrorCode.INVALID_STATE_TRANSITION);
		});

		it("hears both notifications", async () => {
			const qos = mqtt.QoS.AtLeastOnce;
			const changed = new Next<iotjobs.model.JobExecutionsChangedEvent>();
			const next = new Next<iotjobs.model.NextJobExecutionChangedEvent>();
			await jobs.subscribeToJobExecutionsChangedEvents({ thingName }, qos, changed.handler);
			await jobs.subscribeToNextJobExecutionChangedEvents({ thingName }, qos, next.handler);
			const jobId = await newJob();
			assert.equal((await changed.value()).jobs?.QUEUED?.[0]?.jobId, jobId);
			assert.equal((await next.value()).execution?.jobId, jobId);
			await jobs.publishUpdateJobExecution({ thingName, jobId, status: JobStatus.FAILED }, qos);
			assert.deepEqual((await changed.value()).jobs, {});
			assert.equal((await next.value()).execution, undefined);
		});
	});

	describe("its Jobs client v2", () => {
		let jobs: iotjobs.IotJobsClientv2;
		beforeEach(() => {
			jobs = IotJobsClientv2.newFromMqtt311(connection, {
				maxRequestResponseSubscriptions: 8,
				maxStreamingSubscriptions: 4,
				operationTimeoutInSeconds: 10,
			});
		});
		afterEach(() => jobs.close());

		/** What a rejected operation says. */
		async function rejection(operation: Promise<unknown>): Promise<iotjobs.model.V2ErrorResponse> {
			try {
				await operation;
			} catch (error) {
				return (error as { modeledError?: iotjobs.model.V2ErrorResponse }).modeledError ?? {};
			}
			return {};
		}

		it("has every operation accepted", async () => {
			const jobId = await newJob();
			const pending = await jobs.getPendingJobExecutions({ thingName });
			assert.deepEqual(pending.inProgressJobs, []);
			assert.equal(pending.queuedJobs?.[0]?.jobId, jobId);
			const { execution } = await jobs.startNextPendingJobExecution({ thingName, statusDetails: { a: "b" } });
			assert.equal(execution?.jobId, jobId);
			assert.deepEqual(execution?.jobDocument, document);
			assertNow(execution?.startedAt);
			const described = await jobs.describeJobExecution({ thingName, jobId: "$next" });
			assert.equal(described.execution?.versionNumber, 2);
			const flags = { includeJobExecutionState: true, includeJobDocument: true };
			const updated = await jobs.updateJobExecution({
				...{ thingName, jobId, status: JobStatus.SUCCEEDED, expectedVersion: 2 },
				...flags,
			});
			assert.equal(updated.executionState?.status, JobStatus.SUCCEEDED);
			assert.deepEqual(updated.jobDocument, document);
			assert.equal((await jobs.startNextPendingJobExecution({ thingName })).execution, undefined);
		});

		it("has every operation rejected with the modelled error", async () => {
			const jobId = await newJob();
			const notThere = await rejection(jobs.describeJobExecution({ thingName, jobId: "none" }));
			assert.equal(notThere.code, RejectedErrorCode.RESOURCE_NOT_FOUND);
			const steps = await rejection(jobs.startNextPendingJobExecution({ thingName, stepTimeoutInMinutes: 20_000 }));
			assert.equal(steps.code, RejectedErrorCode.INVALID_REQUEST);
			const version = await rejection(
				jobs.updateJobExecution({ thingName, jobId, status: JobStatus.FAILED, expectedVersion: 99 }),
			);
			assert.equal(version.code, RejectedErrorCode.VERSION_MISMATCH);
			assert.equal(version.executionState?.versionNumber, 1);
			await jobs.updateJobExecution({ thingName, jobId, status: JobStatus.REJECTED });
			const ended = await rejection(jobs.updateJobExecution({ thingName, jobId, status: JobStatus.FAILED }));
			assert.equal(ended.code, RejectedErrorCode.INVALID_STATE_TRANSITION);
			assert.equal(ended.executionState?.status, JobStatus.REJECTED);
			const terminal = await rejection(jobs.describeJobExecution({ thingName, jobId }));
			assert.equal(terminal.code, RejectedErrorCode.TERMINAL_STATE_REACHED);
		});

		it("hears both streams of notifications", async () => {
			const changed = new Next<iotjobs.model.JobExecutionsChangedEvent>();
			const next = new Next<iotjobs.model.NextJobExecutionChangedEvent>();
			const changes = jobs.createJobExecutionsChangedStream({ thingName });
			const nexts = jobs.createNextJobExecutionChangedStream({ thingName });
			changes.on("incomingPublish", (event) => changed.put(event.message));
			nexts.on("incomingPublish", (event) => next.put(event.message));
			const established = [changes, nexts].map(
				(stream) => new Promise<void>((resolve) => stream.once("subscriptionStatus", () => resolve())),
			);
			changes.open();
			nexts.open();
			await Promise.all(established);
			const jobId = await newJob();
			assert.equal((await changed.value()).jobs?.QUEUED?.[0]?.jobId, jobId);
			assert.deepEqual((await next.value()).execution?.jobDocument, document);
			await jobs.updateJobExecution({ thingName, jobId, status: JobStatus.SUCCEEDED });
			assert.deepEqual((await changed.value()).jobs, {});
			assert.equal((await next.value()).execution, undefined);
			changes.close();
			nexts.close();
		});
	});

	it("connects by ALPN on the port of HTTPS, as on 443", async () => {
		const port = Number(new URL(emulator.addresses.data.url).port);
		const other = connect("alpha-443", port, "x-amzn-mqtt-ca");
		await other.connect();
		const jobs = new IotJobsClient(other);
		const accepted = new Next<iotjobs.model.GetPendingJobExecutionsResponse>();
		await jobs.subscribeToGetPendingJobExecutionsAccepted({ thingName }, mqtt.QoS.AtLeastOnce, accepted.handler);
		await jobs.publishGetPendingJobExecutions({ thingName }, mqtt.QoS.AtLeastOnce);
		assert.deepEqual((await accepted.value()).queuedJobs, []);
		await other.disconnect();
	});
});
