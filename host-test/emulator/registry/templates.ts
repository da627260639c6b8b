import { notFound, ServiceError } from "../base/errors.js";
import { TEMPLATE_ID } from "../base/names.js";
import type { Milliseconds } from "../base/time.js";
import type { JobConfig } from "../jobs/job-config.js";
import type { MaintenanceWindow } from "../jobs/maintenance-windows.js";
import type { Store } from "../store/store.js";
import { MANAGED_TEMPLATES, managedArn } from "./managed-templates.js";

/** What a job takes from its template, unless its creator says something else. */
export interface Template {
	readonly jobTemplateArn: string;
	readonly description: string;
	/** The document's text. */
	readonly document: string;
	readonly documentSource: string | undefined;
	readonly config: JobConfig;
	readonly maintenanceWindows?: readonly MaintenanceWindow[] | undefined;
	/** Names of the document's parameters that are empty where a job does not give them. */
	readonly optionalParameters?: readonly string[] | undefined;
}

/** A template of the operator's own. */
export interface OwnTemplate extends Template {
	readonly jobTemplateId: string;
	readonly createdAt: Milliseconds;
}

/** Job templates: the operator's own, which are kept, and AWS's managed ones. */
export class Templates {
	readonly #store: Store | undefined;
	readonly #templates = new Map<string, OwnTemplate>();

	constructor(store: Store | undefined) {
		this.#store = store;
		for (const kept of store?.all<OwnTemplate>("template") ?? []) this.#templates.set(kept.jobTemplateId, kept);
	}

	has(id: string): boolean {
		return this.#templates.has(id);
	}

	/** In the order of their creation. */
	list(): OwnTemplate[] {
		return [...this.#templates.values()];
	}

	/** @throws ServiceError */
	get(id: string): OwnTemplate {
		const template = this.#templates.get(id);
		if (template === undefined) throw notFound(`Job template ${id} does not exist`);
		return template;
	}

	/** @throws ServiceError when there may be none of that id, or there is one already */
	checkNew(id: string): void {
		TEMPLATE_ID.check("jobTemplateId", id);
		if (this.has(id)) throw new ServiceError("Conflict", `Job template ${id} already exists`);
	}

	put(template: OwnTemplate): void {
		this.#store?.put(["template", template.jobTemplateId], template);
		this.#templates.set(template.jobTemplateId, template);
	}

	delete(id: string): void {
		this.#store?.remove(["template", id]);
		this.#templates.delete(id);
	}

	/** @param arn of an own template, or of a managed one with its version @throws ServiceError */
	byArn(arn: string): Template {
		const template = this.list().find(({ jobTemplateArn }) => jobTemplateArn === arn) ?? managed(arn);
		if (template === undefined) throw notFound(`jobTemplateArn: there is no template ${arn}`);
		return template;
	}
}

function managed(arn: unknown): Template | undefined {
	const found = MANAGED_TEMPLATES.find((template) => managedArn(template) === arn);
	if (found === undefined) return undefined;
	const { description, document, documentParameters } = found;
	const optionalParameters = documentParameters.filter(({ optional }) => optional).map(({ key }) => key);
	return {
		...{ jobTemplateArn: managedArn(found), description, document, documentSource: undefined, config: {} },
		optionalParameters,
	};
}
