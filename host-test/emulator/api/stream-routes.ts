import type { FastifyInstance } from "fastify";
import type { Clock } from "../../clock.js";
import { streamArn } from "../base/arn.js";
import { invalidRequest } from "../base/errors.js";
import { MAX_DESCRIPTION_LENGTH, MAX_ROLE_ARN_LENGTH } from "../base/limits.js";
import type { Stream, StreamFile, Streams } from "../registry/streams.js";
import type { Tags } from "../registry/tags.js";
import { type Body, object, optionalText, text, wholeNumber } from "./members.js";
import { type PageQuery, paginate } from "./pagination.js";
import { readTags } from "./read-tags.js";

/** Create-, Describe-, Update-, Delete- and ListStreams. */
export function streamRoutes(server: FastifyInstance, streams: Streams, tags: Tags, clock: Clock): void {
	type Call = { Params: { id: string }; Body: Body | null };
	server.post<Call>("/streams/:id", ({ params: { id }, body }) => {
		streams.checkNew(id);
		const description = readDescription(body);
		const roleArn = readRoleArn(body);
		const tagList = readTags(body?.tags);
		const now = clock.now() / 1_000;
		const files = readFiles(body?.files);
		streams.checkFiles(files);
		tags.create(streamArn(id), tagList, () =>
			streams.put({ streamId: id, streamVersion: 1, description, files, roleArn, createdAt: now, lastUpdatedAt: now }),
		);
		return { streamId: id, streamArn: streamArn(id), description, streamVersion: 1 };
	});
	server.get<Call>("/streams/:id", ({ params: { id } }) => ({ streamInfo: describe(streams.get(id)) }));
	server.put<Call>("/streams/:id", ({ params: { id }, body }) => {
		const old = streams.get(id);
		const files = body?.files === undefined ? undefined : readFiles(body.files);
		if (files !== undefined) streams.checkFiles(files);
		const stream: Stream = {
			...old,
			streamVersion: old.streamVersion + 1,
			description: readDescription(body) ?? old.description,
			roleArn: readRoleArn(body) ?? old.roleArn,
			files: files ?? old.files,
			lastUpdatedAt: clock.now() / 1_000,
		};
		streams.put(stream);
		const { streamVersion, description } = stream;
		return { streamId: id, streamArn: streamArn(id), description, streamVersion };
	});
	server.delete<Call>("/streams/:id", ({ params: { id } }) => {
		streams.get(id);
		streams.delete(id);
		tags.remove(streamArn(id));
		return {};
	});
	server.get<{ Querystring: PageQuery & { isAscendingOrder?: string } }>("/streams", ({ query }) => {
		const all = query.isAscendingOrder === "true" ? streams.list() : streams.list().reverse();
		const { items, nextToken } = paginate(all, query, ({ streamId }) => streamId);
		return {
			streams: items.map(({ streamId, streamVersion, description }) => ({
				...{ streamId, streamArn: streamArn(streamId), streamVersion, description },
			})),
			nextToken,
		};
	});
}

const readDescription = (body: Body | null) => optionalText("description", body?.description, MAX_DESCRIPTION_LENGTH);
const readRoleArn = (body: Body | null) => optionalText("roleArn", body?.roleArn, MAX_ROLE_ARN_LENGTH);

function readFiles(value: unknown): StreamFile[] {
	if (!Array.isArray(value)) throw invalidRequest("files: a list");
	return value.map((entry): StreamFile => {
		const { fileId, s3Location } = object("files", entry);
		const { bucket, key, version } = object("files.s3Location", s3Location);
		if (typeof key !== "string" || key === "") throw invalidRequest("files.s3Location.key: the key of an object");
		return {
			fileId: wholeNumber("files.fileId", fileId),
			bucket: text("files.s3Location.bucket", bucket ?? ""),
			key,
			version: version === undefined ? undefined : text("files.s3Location.version", version),
		};
	});
}

function describe({ streamId, streamVersion, description, files, createdAt, lastUpdatedAt, roleArn }: Stream) {
	return {
		...{ streamId, streamArn: streamArn(streamId), streamVersion, description, createdAt, lastUpdatedAt, roleArn },
		files: files.map(({ fileId, bucket, key, version }) => ({ fileId, s3Location: { bucket, key, version } })),
	};
}
