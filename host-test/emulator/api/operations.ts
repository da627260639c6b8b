/** What the emulator does with the members of an operation's request: names, with blanks between. */
export interface Operation {
	/** Method and path, as the model of AWS's SDK writes them. */
	readonly route: string;
	readonly honoured: string;
	/** A request with one of them is refused by its name: see `refuseMembers`. */
	readonly refused?: string;
	/** Taken, and without effect. */
	readonly idle?: string;
}

/**
 * The operations of the control plane that are there. docs/api.md shows them; `npm run conformance` compares them with the model
 * of AWS's SDK, so that a member that is new there is seen. What is not there: `OUTSIDE`.
 */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
	AddThingToThingGroup: {
		route: "PUT /thing-groups/addThingToThingGroup",
		honoured: "thingGroupName thingGroupArn thingName thingArn",
		idle: "overrideDynamicGroups",
	},
	AssociateTargetsWithJob: {
		route: "POST /jobs/{jobId}/targets",
		honoured: "targets jobId comment",
		refused: "namespaceId",
	},
	AttachPolicy: { route: "PUT /target-policies/{policyName}", honoured: "policyName target" },
	AttachPrincipalPolicy: { route: "PUT /principal-policies/{policyName}", honoured: "policyName principal" },
	AttachThingPrincipal: {
		route: "PUT /things/{thingName}/principals",
		honoured: "thingName principal thingPrincipalType",
	},
	CancelJob: { route: "PUT /jobs/{jobId}/cancel", honoured: "jobId reasonCode comment force" },
	CancelJobExecution: {
		route: "PUT /things/{thingName}/jobs/{jobId}/cancel",
		honoured: "jobId thingName force expectedVersion statusDetails",
	},
	CreateCertificateFromCsr: { route: "POST /certificates", honoured: "certificateSigningRequest setAsActive" },
	CreateJob: {
		route: "PUT /jobs/{jobId}",
		honoured:
			"jobId targets documentSource document description presignedUrlConfig targetSelection jobExecutionsRolloutConfig abortConfig timeoutConfig tags jobTemplateArn jobExecutionsRetryConfig documentParameters schedulingConfig",
		refused: "namespaceId destinationPackageVersions",
	},
	CreateJobTemplate: {
		route: "PUT /job-templates/{jobTemplateId}",
		honoured:
			"jobTemplateId jobArn documentSource document description presignedUrlConfig jobExecutionsRolloutConfig abortConfig timeoutConfig tags jobExecutionsRetryConfig maintenanceWindows",
		refused: "destinationPackageVersions",
	},
	CreateKeysAndCertificate: { route: "POST /keys-and-certificate", honoured: "setAsActive" },
	CreatePolicy: { route: "POST /policies/{policyName}", honoured: "policyName policyDocument tags" },
	CreatePolicyVersion: {
		route: "POST /policies/{policyName}/version",
		honoured: "policyName policyDocument setAsDefault",
	},
	CreateStream: { route: "POST /streams/{streamId}", honoured: "streamId description files roleArn tags" },
	CreateThing: {
		route: "POST /things/{thingName}",
		honoured: "thingName attributePayload",
		refused: "thingTypeName billingGroupName",
	},
	CreateThingGroup: {
		route: "POST /thing-groups/{thingGroupName}",
		honoured: "thingGroupName parentGroupName thingGroupProperties tags",
	},
	DeleteCertificate: { route: "DELETE /certificates/{certificateId}", honoured: "certificateId forceDelete" },
	DeleteJob: { route: "DELETE /jobs/{jobId}", honoured: "jobId force", refused: "namespaceId" },
	DeleteJobExecution: {
		route: "DELETE /things/{thingName}/jobs/{jobId}/executionNumber/{executionNumber}",
		honoured: "jobId thingName executionNumber force",
		refused: "namespaceId",
	},
	DeleteJobTemplate: { route: "DELETE /job-templates/{jobTemplateId}", honoured: "jobTemplateId" },
	DeletePolicy: { route: "DELETE /policies/{policyName}", honoured: "policyName" },
	DeletePolicyVersion: {
		route: "DELETE /policies/{policyName}/version/{policyVersionId}",
		honoured: "policyName policyVersionId",
	},
	DeleteStream: { route: "DELETE /streams/{streamId}", honoured: "streamId" },
	DeleteThing: { route: "DELETE /things/{thingName}", honoured: "thingName expectedVersion" },
	DeleteThingGroup: { route: "DELETE /thing-groups/{thingGroupName}", honoured: "thingGroupName expectedVersion" },
	DescribeCertificate: { route: "GET /certificates/{certificateId}", honoured: "certificateId" },
	DescribeEndpoint: { route: "GET /endpoint", honoured: "endpointType" },
	DescribeEventConfigurations: { route: "GET /event-configurations", honoured: "" },
	DescribeJob: { route: "GET /jobs/{jobId}", honoured: "jobId beforeSubstitution" },
	DescribeJobExecution: { route: "GET /things/{thingName}/jobs/{jobId}", honoured: "jobId thingName executionNumber" },
	DescribeJobTemplate: { route: "GET /job-templates/{jobTemplateId}", honoured: "jobTemplateId" },
	DescribeManagedJobTemplate: {
		route: "GET /managed-job-templates/{templateName}",
		honoured: "templateName templateVersion",
	},
	DescribeStream: { route: "GET /streams/{streamId}", honoured: "streamId" },
	DescribeThing: { route: "GET /things/{thingName}", honoured: "thingName" },
	DescribeThingGroup: { route: "GET /thing-groups/{thingGroupName}", honoured: "thingGroupName" },
	DetachPolicy: { route: "POST /target-policies/{policyName}", honoured: "policyName target" },
	DetachPrincipalPolicy: { route: "DELETE /principal-policies/{policyName}", honoured: "policyName principal" },
	DetachThingPrincipal: { route: "DELETE /things/{thingName}/principals", honoured: "thingName principal" },
	GetEffectivePolicies: {
		route: "POST /effective-policies",
		honoured: "principal thingName",
		refused: "cognitoIdentityPoolId",
	},
	GetJobDocument: { route: "GET /jobs/{jobId}/job-document", honoured: "jobId beforeSubstitution" },
	GetPolicy: { route: "GET /policies/{policyName}", honoured: "policyName" },
	GetPolicyVersion: {
		route: "GET /policies/{policyName}/version/{policyVersionId}",
		honoured: "policyName policyVersionId",
	},
	ListAttachedPolicies: { route: "POST /attached-policies/{target}", honoured: "target recursive marker pageSize" },
	ListCertificates: { route: "GET /certificates", honoured: "pageSize marker ascendingOrder" },
	ListJobExecutionsForJob: { route: "GET /jobs/{jobId}/things", honoured: "jobId status maxResults nextToken" },
	ListJobExecutionsForThing: {
		route: "GET /things/{thingName}/jobs",
		honoured: "thingName status maxResults nextToken jobId",
		refused: "namespaceId",
	},
	ListJobTemplates: { route: "GET /job-templates", honoured: "maxResults nextToken" },
	ListJobs: {
		route: "GET /jobs",
		honoured: "status targetSelection maxResults nextToken thingGroupName thingGroupId",
		refused: "namespaceId",
	},
	ListManagedJobTemplates: { route: "GET /managed-job-templates", honoured: "templateName maxResults nextToken" },
	ListPolicies: { route: "GET /policies", honoured: "marker pageSize ascendingOrder" },
	ListPolicyPrincipals: {
		route: "GET /policy-principals",
		honoured: "policyName marker pageSize",
		idle: "ascendingOrder",
	},
	ListPolicyVersions: { route: "GET /policies/{policyName}/version", honoured: "policyName" },
	ListPrincipalPolicies: {
		route: "GET /principal-policies",
		honoured: "principal marker pageSize",
		idle: "ascendingOrder",
	},
	ListPrincipalThings: { route: "GET /principals/things", honoured: "nextToken maxResults principal" },
	ListPrincipalThingsV2: {
		route: "GET /principals/things-v2",
		honoured: "nextToken maxResults principal thingPrincipalType",
	},
	ListStreams: { route: "GET /streams", honoured: "maxResults nextToken ascendingOrder" },
	ListTagsForResource: { route: "GET /tags", honoured: "resourceArn nextToken" },
	ListTargetsForPolicy: { route: "POST /policy-targets/{policyName}", honoured: "policyName marker pageSize" },
	ListThingGroups: {
		route: "GET /thing-groups",
		honoured: "nextToken maxResults parentGroup namePrefixFilter recursive",
	},
	ListThingGroupsForThing: {
		route: "GET /things/{thingName}/thing-groups",
		honoured: "thingName nextToken maxResults",
	},
	ListThingPrincipals: { route: "GET /things/{thingName}/principals", honoured: "nextToken maxResults thingName" },
	ListThingPrincipalsV2: {
		route: "GET /things/{thingName}/principals-v2",
		honoured: "nextToken maxResults thingName thingPrincipalType",
	},
	ListThings: {
		route: "GET /things",
		honoured: "nextToken maxResults attributeName attributeValue usePrefixAttributeValue",
		refused: "thingTypeName",
	},
	ListThingsInThingGroup: {
		route: "GET /thing-groups/{thingGroupName}/things",
		honoured: "thingGroupName recursive nextToken maxResults",
	},
	RegisterCertificateWithoutCA: { route: "POST /certificate/register-no-ca", honoured: "certificatePem status" },
	RemoveThingFromThingGroup: {
		route: "PUT /thing-groups/removeThingFromThingGroup",
		honoured: "thingGroupName thingGroupArn thingName thingArn",
	},
	SetDefaultPolicyVersion: {
		route: "PATCH /policies/{policyName}/version/{policyVersionId}",
		honoured: "policyName policyVersionId",
	},
	TagResource: { route: "POST /tags", honoured: "resourceArn tags" },
	UntagResource: { route: "POST /untag", honoured: "resourceArn tagKeys" },
	UpdateCertificate: { route: "PUT /certificates/{certificateId}", honoured: "certificateId newStatus" },
	UpdateEventConfigurations: { route: "PATCH /event-configurations", honoured: "eventConfigurations" },
	UpdateJob: {
		route: "PATCH /jobs/{jobId}",
		honoured:
			"jobId description presignedUrlConfig jobExecutionsRolloutConfig abortConfig timeoutConfig jobExecutionsRetryConfig",
		refused: "namespaceId",
	},
	UpdateStream: { route: "PUT /streams/{streamId}", honoured: "streamId description files roleArn" },
	UpdateThing: {
		route: "PATCH /things/{thingName}",
		honoured: "thingName attributePayload expectedVersion",
		refused: "thingTypeName removeThingType",
	},
	UpdateThingGroup: {
		route: "PATCH /thing-groups/{thingGroupName}",
		honoured: "thingGroupName thingGroupProperties expectedVersion",
	},
};
