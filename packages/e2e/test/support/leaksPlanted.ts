/**
 * Random secrets, and the places where the tests plant them.
 */
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { formsOf } from "@sso-oidc/test-kit/leaks"
import * as Arbitrary from "effect/Arbitrary"
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// secrets
// -----------------------------------------------------------------------------

// characters that JSON, URLs, base64 and terminals write differently; a space only beside other characters, because eight
// spaces prove nothing
const pieces = [
  ..."aZq79\"\\/+=%&?<>'`:;~#{}$@!*|ü漢é".split(""),
  "😀",
  "q ",
  "\\n",
  "\\u0041",
  "%2f",
  "${x}"
]

const words = Arbitrary.array(Arbitrary.schema(Schema.Literals(pieces)), { minLength: 8, maxLength: 24 })

/** Every secret that is sent or received has its own value. */
const names = [
  "clientSecret",
  "deviceCode",
  "code",
  "codeVerifier",
  "refreshToken",
  "newClientSecret",
  "newDeviceCode",
  "accessToken",
  "newRefreshToken",
  "idToken"
] as const

export type Name = (typeof names)[number]

export type Secrets = Readonly<Record<Name, string>>

export const Secrets: Arbitrary.Arbitrary<Secrets> = Arbitrary.map(
  Arbitrary.all(names.map(() => words)),
  // with a letter in front, so that no two are the same
  (all) => {
    const one = (name: Name): string =>
      `${String.fromCharCode(97 + names.indexOf(name))}${(all[names.indexOf(name)] ?? []).join("")}`
    return {
      clientSecret: one("clientSecret"),
      deviceCode: one("deviceCode"),
      code: one("code"),
      codeVerifier: one("codeVerifier"),
      refreshToken: one("refreshToken"),
      newClientSecret: one("newClientSecret"),
      newDeviceCode: one("newDeviceCode"),
      accessToken: one("accessToken"),
      newRefreshToken: one("newRefreshToken"),
      idToken: one("idToken")
    }
  }
)

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

/** What a person must see, and no log, span or error may hold. */
export const userCode = "BRCJ-PDVT"
export const host = "d-0123456789.awsapps.com"

export interface Call {
  readonly name: string
  readonly run: (oidc: SsoOidc.Service) => Effect.Effect<unknown, { readonly message: string }>
  /** The secrets of the request, which the service can repeat. */
  readonly asked: ReadonlyArray<string>
  readonly response: Readonly<Record<string, unknown>>
  readonly exception: string
}

export const registered = (s: Secrets) => ({
  clientId: "registered-client",
  clientIdIssuedAt: 0,
  clientSecret: s.newClientSecret,
  clientSecretExpiresAt: 7_776_000
})

export const started = (s: Secrets) => ({
  deviceCode: s.newDeviceCode,
  userCode,
  verificationUri: `https://${host}/start/#/device`,
  verificationUriComplete: `https://${host}/start/#/device?user_code=${userCode}`,
  expiresIn: 600,
  interval: 1
})

export const token = (s: Secrets) => ({
  accessToken: s.accessToken,
  tokenType: "Bearer",
  expiresIn: 3600,
  refreshToken: s.newRefreshToken,
  idToken: s.idToken
})

/** The three operations, and the three grants of CreateToken. */
export const callsOf = (s: Secrets): ReadonlyArray<Call> => {
  const client = { clientId: "client-id", clientSecret: Redacted.make(s.clientSecret) }
  const grant = (name: string, asked: ReadonlyArray<string>, request: CreateToken.Request): Call => ({
    name,
    asked: [s.clientSecret, ...asked],
    run: (oidc) => oidc.createToken(request),
    response: token(s),
    exception: "InvalidGrantException"
  })
  return [
    {
      name: "RegisterClient",
      asked: [],
      run: (oidc) => oidc.registerClient({ clientName: "a-tool", clientType: "public" }),
      response: registered(s),
      exception: "InvalidClientMetadataException"
    },
    {
      name: "StartDeviceAuthorization",
      asked: [s.clientSecret],
      run: (oidc) => oidc.startDeviceAuthorization({ ...client, startUrl: `https://${host}/start` }),
      response: started(s),
      exception: "InvalidClientException"
    },
    grant("CreateToken (device code)", [s.deviceCode], {
      ...client,
      grantType: CreateToken.deviceCodeGrantType,
      deviceCode: Redacted.make(s.deviceCode)
    }),
    grant("CreateToken (authorization code)", [s.code, s.codeVerifier], {
      ...client,
      grantType: "authorization_code",
      code: Redacted.make(s.code),
      codeVerifier: Redacted.make(s.codeVerifier),
      redirectUri: "http://127.0.0.1/oauth/callback"
    }),
    grant("CreateToken (refresh token)", [s.refreshToken], {
      ...client,
      grantType: "refresh_token",
      refreshToken: Redacted.make(s.refreshToken)
    })
  ]
}

// -----------------------------------------------------------------------------
// places
// -----------------------------------------------------------------------------

export const json = (
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {}
): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", "x-amzn-requestid": "r-1", ...headers }
  })

/**
 * An exception whose texts repeat the request's values in every form. Its headers repeat them in every form that a header can
 * hold.
 */
export const echoing = (type: string, asked: ReadonlyArray<string>): ReadonlyArray<Response> =>
  (asked.length === 0 ? ["nothing"] : asked.flatMap(formsOf)).map((form) =>
    json(
      {
        error: form,
        error_description: `The value ${form} is bad: ${form.slice(1)}`,
        reason: form,
        region: form,
        endpoint: `https://x.example/?${form}`,
        [form]: form
      },
      400,
      // in a header: only what a header can hold
      { "x-amzn-errortype": `${type}:${encodeURIComponent(form)}`, "x-amzn-requestid": encodeURIComponent(form) }
    )
  )

/** Responses outside the model that hold every secret, and repeat the request's values in their heads. */
export const foreign = (call: Call): ReadonlyArray<Response> => {
  const text = JSON.stringify(call.response)
  const heads = Object.fromEntries(
    call.asked.slice(-1).flatMap((one) =>
      (["x-amzn-requestid", "content-type", "x-amzn-errortype", "retry-after", "content-encoding"] as const).map((
        name
      ) => [name, encodeURIComponent(one)])
    )
  )
  return [
    json({ ...call.response, clientId: "\u0000", userCode: "\u0000", tokenType: "\u0000" }),
    json({ result: call.response }),
    json(Object.fromEntries(Object.entries(call.response).map(([key, value]) => [key, { [String(value)]: value }]))),
    json(call.response, 201),
    new Response(text.slice(0, -1)),
    new Response(text, { status: 502, headers: heads }),
    new Response(text, { status: 307, headers: { ...heads, location: `https://x.example/${heads["retry-after"]}` } }),
    new Response(`${text}${" ".repeat(300_000)}`, { headers: heads }),
    new Response(new ReadableStream({ pull: (c) => c.error(new Error(text, { cause: text })) }), { headers: heads })
  ]
}

/** Failures of a platform that hold every secret in all their members. */
export const causes = (call: Call, s: Secrets): ReadonlyArray<unknown> => {
  const all = Object.values(s).join(" ")
  const loaded = (error: Error): Error =>
    Object.assign(error, {
      name: call.asked.join(" ") || "Error",
      code: call.asked.join(" ") || "ECONNRESET",
      syscall: call.asked[0] ?? "write",
      stack: all,
      request: { body: all, [all]: all },
      headers: new Map([[all, all]])
    })
  return [
    loaded(new Error(all)),
    loaded(new TypeError(all, { cause: loaded(new Error(all, { cause: all })) })),
    new AggregateError([loaded(new Error(all))], all),
    loaded(new TransportCause({ sent: "no", code: call.asked.at(-1) ?? "E", transient: true, syscall: call.asked[0] })),
    all,
    { toString: () => all, toJSON: () => all, message: all }
  ]
}
