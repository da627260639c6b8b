import type { FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { object, optionalText } from "../jobs/job-config.js";
import { arn } from "../registry/arn.js";
import { problemOfFiles, type Stream, type StreamFile, type Streams } from "../registry/streams.js";
import type { Tags } from "../registry/tags.js";
import { ApiError, invalidRequest, notFound } from "./errors.js";
import { type PageQuery, paginate } from "./pagination.js";

export const streamArn = (streamId: string) => arn(`stream/${streamId}`);

/** Create-, Describe-, Update-, Delete- and ListStreams. */
export function streamRoutes(server: FastifyInstance, streams: Streams, tags: Tags, clock: Clock): void {
	type Call = { Params: { id: string }; Body: Record<string, unknown> | null };
	const find = (id: string) => {
		const stream = streams.get(id);
		if (stream === undefined) throw notFound(`Stream ${id} does not exist`);
		return stream;
	};
	server.post<Call>("/streams/:id", ({ params: { id }, body }) => {
		if (!/^[a-zA-Z0-9_-]{1,128}$/.test(id)) throw invalidRequest("streamId: 1 to 128 of a-z A-Z 0-9 _ -");
		if (streams.get(id) !== undefined)
			throw new ApiError(409, "ResourceAlreadyExistsException", `Stream ${id} already exists`);
		const description = optionalText("description", body?.description, 2_028);
		const roleArn = optionalText("roleArn", body?.roleArn, 2_048);
		const read = tags.read(body?.tags);
		const now = clock.now() / 1_000;
		const files = readFiles(body?.files, streams);
		streams.put({ streamId: id, streamVersion: 1, description, files, roleArn, createdAt: now, lastUpdatedAt: now });
		tags.set(streamArn(id), read);
		return { streamId: id, streamArn: streamArn(id), description, streamVersion: 1 };
	});
	server.get<Call>("/streams/:id", ({ params: { id } }) => ({ streamInfo: describe(find(id)) }));
	server.put<Call>("/streams/:id", ({ params: { id }, body }) => {
		const old = find(id);
		const stream: Stream = {
			...old,
			streamVersion: old.streamVersion + 1,
			description: optionalText("description", body?.description, 2_028) ?? old.description,
			roleArn: optionalText("roleArn", body?.roleArn, 2_048) ?? old.roleArn,
			files: body?.files === undefined ? old.files : readFiles(body.files, streams),
			lastUpdatedAt: clock.now() / 1_000,
		};
		streams.put(stream);
		const { streamVersion, description } = stream;
		return { streamId: id, streamArn: streamArn(id), description, streamVersion };
	});
	server.delete<Call>("/streams/:id", ({ params: { id } }) => {
		find(id);
		streams.delete(id);
		tags.forget(streamArn(id));
		return {};
	});
	server.get<{ Querystring: PageQuery & { isAscendingOrder?: string } }>("/streams", ({ query }) => {
		const all = query.isAscendingOrder === "true" ? [...streams.list()] : [...streams.list()].reverse();
		const { items, nextToken } = paginate(all, query, ({ streamId }) => streamId);
		return {
			streams: items.map(({ streamId, streamVersion, description }) => ({
				...{ streamId, streamArn: streamArn(streamId), streamVersion, description },
			})),
			nextToken,
		};
	});
}

function readFiles(value: unknown, streams: Streams): StreamFile[] {
	if (!Array.isArray(value)) throw invalidRequest("files: a list");
	const files = value.map((entry): StreamFile => {
		const { fileId, s3Location } = object("files", entry);
		const { bucket, key, version } = object("files.s3Location", s3Location);
		if (typeof key !== "string" || key === "") throw invalidRequest("files.s3Location.key: the key of an object");
		return {
			fileId: Number(fileId),
			bucket: String(bucket ?? ""),
			key,
			version: version === undefined ? undefined : String(version),
		};
	});
	const problem = problemOfFiles(files, streams.directory);
	if (problem !== undefined) throw invalidRequest(problem);
	return files;
}

function describe({ streamId, streamVersion, description, files, createdAt, lastUpdatedAt, roleArn }: Stream) {
	return {
		...{ streamId, streamArn: streamArn(streamId), streamVersion, description, createdAt, lastUpdatedAt, roleArn },
		files: files.map(({ fileId, bucket, key, version }) => ({ fileId, s3Location: { bucket, key, version } })),
	};
}
