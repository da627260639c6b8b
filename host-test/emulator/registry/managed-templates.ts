import { managedTemplateArn } from "../base/arn.js";

/** A job template that AWS provides. Source: AWS IoT developer guide, "AWS managed templates". */
export interface ManagedTemplate {
	readonly templateName: string;
	readonly templateVersion: string;
	readonly description: string;
	readonly document: string;
	readonly documentParameters: readonly {
		readonly key: string;
		readonly description: string;
		readonly example: string;
		readonly optional: boolean;
	}[];
}

export const managedArn = ({ templateName, templateVersion }: ManagedTemplate) =>
	managedTemplateArn(`${templateName}:${templateVersion}`);

/** Those of AWS's managed templates whose action a microcontroller can carry out. */
export const MANAGED_TEMPLATES: readonly ManagedTemplate[] = [
	{
		templateName: "AWS-Reboot",
		templateVersion: "1.0",
		description: "A managed job template for rebooting a device.",
		// biome-ignore-start lint/suspicious/noTemplateCurlyInString: AWS's parameters
		document: JSON.stringify({
			version: "1.0",
			steps: [
				{
					action: {
						name: "Reboot",
						type: "runHandler",
						input: { handler: "reboot.sh", path: "${aws:iot:parameter:pathToHandler}" },
						runAsUser: "${aws:iot:parameter:runAsUser}",
					},
				},
			],
		}),
		// biome-ignore-end lint/suspicious/noTemplateCurlyInString: only those
		documentParameters: [
			{
				key: "pathToHandler",
				description: "Where the handler is.",
				example: "/default/path/to/handler",
				optional: true,
			},
			{ key: "runAsUser", description: "The user that runs it.", example: "user1", optional: true },
		],
	},
];
