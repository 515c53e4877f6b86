/**
 * Events as API Gateway and Lambda make them.
 */
import type { handler } from "@sso-oidc/example-serverless/handler"

export type Event = Parameters<typeof handler>[0]

interface Options {
  readonly method?: string
  readonly body?: string
  readonly isBase64Encoded?: boolean
}

/** An event of an HTTP API whose stage is `$default`. */
export const httpApi = (rawPath: string, options: Options = {}): Event => {
  const { method = "POST", ...body } = options
  return {
    version: "2.0",
    routeKey: `${method} /logins`,
    rawPath,
    rawQueryString: "",
    headers: {
      accept: "*/*",
      "content-length": String(options.body?.length ?? 0),
      host: "abcdef1234.execute-api.eu-west-1.amazonaws.com",
      "user-agent": "curl/8.5.0",
      "x-amzn-trace-id": "Root=1-65a1b2c3-0123456789abcdef01234567",
      "x-forwarded-for": "192.0.2.1",
      "x-forwarded-port": "443",
      "x-forwarded-proto": "https"
    },
    requestContext: {
      accountId: "123456789012",
      apiId: "abcdef1234",
      domainName: "abcdef1234.execute-api.eu-west-1.amazonaws.com",
      domainPrefix: "abcdef1234",
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "curl/8.5.0" },
      requestId: "JKJaXmPLvHcESHA=",
      routeKey: `${method} /logins`,
      stage: "$default",
      time: "27/Nov/2026:09:00:00 +0000",
      timeEpoch: 1_795_770_000_000
    },
    isBase64Encoded: false,
    ...body
  }
}

/** An event of a function URL. It has no route, and its context names the function's own host. */
export const functionUrl = (rawPath: string, options: Options = {}): Event => {
  const event = httpApi(rawPath, options)
  const domainName = "abcdefghij0123456789.lambda-url.eu-west-1.on.aws"
  return {
    ...event,
    routeKey: "$default",
    requestContext: {
      ...event.requestContext,
      accountId: "anonymous",
      apiId: "abcdefghij0123456789",
      domainName,
      domainPrefix: "abcdefghij0123456789",
      routeKey: "$default"
    }
  }
}

/** An event of an HTTP API whose stage has a name, which stands in front of the path. */
export const staged = (stage: string, path: string, options: Options = {}): Event => {
  const event = httpApi(`/${stage}${path}`, options)
  return { ...event, requestContext: { ...event.requestContext, stage } }
}

/** An event of a REST API, which has the payload format 1.0. */
export const restApi = (path: string): object => ({
  resource: "/logins",
  path,
  httpMethod: "POST",
  headers: { Host: "abcdef1234.execute-api.eu-west-1.amazonaws.com" },
  multiValueHeaders: { Host: ["abcdef1234.execute-api.eu-west-1.amazonaws.com"] },
  queryStringParameters: null,
  multiValueQueryStringParameters: null,
  pathParameters: null,
  stageVariables: null,
  requestContext: {
    resourceId: "abc123",
    resourcePath: "/logins",
    httpMethod: "POST",
    path: "/prod/logins",
    accountId: "123456789012",
    stage: "prod",
    requestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    identity: { sourceIp: "192.0.2.1", userAgent: "curl/8.5.0" }
  },
  body: null,
  isBase64Encoded: false
})

/** Events of other services, and texts that are no event. */
export const others: Readonly<Record<string, unknown>> = {
  "the console's test event": { key1: "value1", key2: "value2", key3: "value3" },
  "a message of SQS": { Records: [{ messageId: "1", body: "{}", eventSource: "aws:sqs" }] },
  "a schedule": { version: "0", "detail-type": "Scheduled Event", source: "aws.events", detail: {} },
  nothing: null,
  "a text": "POST /logins",
  "a list": [],
  "no context": { ...httpApi("/logins"), requestContext: undefined },
  "a method that is a number": { ...httpApi("/logins"), requestContext: { http: { method: 7 }, stage: "$default" } },
  "a body that is an object": { ...httpApi("/logins"), body: { id: "a" } }
}
