/**
 * A whole login in a page of a real browser, through the relay.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { launchOrMiss } from "@sso-oidc/test-kit/browser"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import { build } from "esbuild"
import { mounted, page as document, relayed } from "../support/mounted.ts"

const { browser, tool } = await launchOrMiss()
afterAll(() => browser?.close())

const startUrl = "https://my.awsapps.com/start"

/** The code that a page would ship. */
const program = `
  import * as SsoOidc from "@sso-oidc/core/SsoOidc"
  import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
  import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  import * as Redacted from "effect/Redacted"

  const events = []
  globalThis.login = (url, startUrl) =>
    DeviceGrant.login({
      clientName: "a page",
      startUrl,
      onEvent: ({ _tag }) => Effect.sync(() => events.push(_tag))
    }).pipe(
      Effect.provide(SsoOidc.layer({ region: "us-east-1" }).pipe(Layer.provide(FetchTransport.layerRelay({ url })))),
      Effect.match({
        onFailure: ({ _tag, sent, message }) => ({ ended: _tag, sent, message, events }),
        onSuccess: ({ accessToken }) => ({ ended: Redacted.value(accessToken).slice(0, 3), events })
      }),
      Effect.runPromise
    )
`

const bundled = async (): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "js" },
    bundle: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    write: false,
    logLevel: "error"
  })
  return outputFiles[0]?.text ?? ""
}

const script = browser === undefined ? "" : await bundled()
const html = `<!doctype html><title>a page</title><script>${script.replaceAll("</script", "<\\/script")}</script>`

/** The result of a login in a page at that origin. A cookie of the relay's host is set, which the page must not send. */
const loginAt = Effect.fnUntraced(function*(origin: string, relayUrl: string, start = startUrl) {
  if (browser === undefined) return yield* Effect.die(new Error("no browser"))
  const context = yield* Effect.acquireRelease(
    Effect.promise(() => browser.newContext()),
    (context) => Effect.promise(() => context.close())
  )
  return yield* Effect.promise(async () => {
    const page = await context.newPage()
    await page.goto(`${origin}/index.html?a=1`)
    await context.addCookies([{ name: "session", value: "1", domain: "127.0.0.1", path: "/" }])
    return page.evaluate<unknown>(`login(${JSON.stringify(relayUrl)}, ${JSON.stringify(start)})`)
  })
})

const approved = (found: unknown) => {
  const { ended, events } = Object(found)
  assert.strictEqual(ended, "aoa", JSON.stringify(found))
  assert.deepStrictEqual([events[0], events[1], events.at(-1)], ["Registered", "CodeReady", "Approved"])
}

const service = EmulatorServer.layer({ autoApprove: "1 second" })

const options = Effect.map(EmulatorServer.EmulatorServer, ({ url: endpoint }) => ({
  endpoint,
  regions: ["us-east-1"],
  startUrls: [startUrl]
}))

describe.skipIf(isMissing(tool))(`a login in a page, through the relay, in ${tool.title}`, () => {
  it.live("works from another origin than the relay's, which the relay lists", () =>
    Effect.gen(function*() {
      const site = yield* mounted(() => document(html))
      const relay = yield* relayed({ ...(yield* options), origins: [site.origin] }, NodeTransport.layer())
      approved(yield* loginAt(site.origin, relay.url))
      const posts = relay.requests.filter(({ method }) => method === "POST")
      assert.isAbove(posts.length, 2)
      // the browser asks once for each path, and keeps the response for a while
      assert.strictEqual(relay.requests.filter(({ method }) => method === "OPTIONS").length, 3)
      for (const { headers } of relay.requests) {
        assert.strictEqual(headers.get("origin"), site.origin)
        for (const name of ["cookie", "authorization", "referer", "traceparent", "b3"]) {
          assert.isNull(headers.get(name), name)
        }
      }
      for (const { headers } of posts) {
        assert.match(headers.get("x-sso-oidc-relay-id") ?? "", /^[0-9a-f]{32}$/)
      }
    }).pipe(Effect.provide(service)))

  it.live("works from the relay's own origin, with a relative URL", () =>
    Effect.gen(function*() {
      const relay = yield* relayed({ ...(yield* options), origins: ["same-origin"] }, NodeTransport.layer(), html)
      approved(yield* loginAt(relay.origin, "/sso-oidc"))
      for (const { headers, method } of relay.requests) {
        assert.strictEqual(method, "POST")
        assert.strictEqual(headers.get("origin"), relay.origin)
        assert.isNull(headers.get("cookie"))
      }
    }).pipe(Effect.provide(service)))

  it.live("is refused from a foreign origin, and the service receives nothing", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const site = yield* mounted(() => document(html))
      const relay = yield* relayed({ ...(yield* options), origins: ["https://app.example"] }, NodeTransport.layer())
      const found = yield* loginAt(site.origin, relay.url)
      assert.deepInclude(found, { ended: "TransportError", sent: "maybe", events: [] })
      // the browser asked, and then sent nothing
      assert.deepStrictEqual(relay.requests.map(({ method }) => method), ["OPTIONS"])
      assert.deepStrictEqual((yield* emulator.state.snapshot).registrations, [])
    }).pipe(Effect.provide(service)))

  it.live("is refused for another start URL, with a sentence that the page can read", () =>
    Effect.gen(function*() {
      const site = yield* mounted(() => document(html))
      const relay = yield* relayed({ ...(yield* options), origins: [site.origin] }, NodeTransport.layer())
      const found = Object(yield* loginAt(site.origin, relay.url, "https://other.awsapps.com/start"))
      assert.strictEqual(found.ended, "InvalidRequestException")
      assert.match(found.message, /^The relay does not serve this start URL\./)
    }).pipe(Effect.provide(service)))

  it.live("passes on once what the browser sends again by itself, and tells the page that a response was lost (C8)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      let dropped = 0
      const drops = ({ url }: Request): boolean => url.endsWith("/device_authorization") && dropped++ === 0
      const relay = yield* relayed(
        { ...(yield* options), origins: ["same-origin"] },
        NodeTransport.layer(),
        html,
        drops
      )
      const found = yield* loginAt(relay.origin, "/sso-oidc")
      const starts = relay.requests.filter(({ url }) => url.endsWith("/device_authorization"))
      // Chromium sends again if the request went out on a connection that had been used before
      assert.strictEqual(starts.length, 2)
      assert.strictEqual(new Set(starts.map(({ headers }) => headers.get("x-sso-oidc-relay-id"))).size, 1)
      assert.strictEqual((yield* emulator.state.snapshot).deviceAuthorizations.length, 1)
      assert.deepInclude(found, { ended: "TransportError", sent: "maybe" })
    }).pipe(Effect.provide(service)))

  it.live("lets the page send again what the relay could not send (C8)", () =>
    Effect.gen(function*() {
      const site = yield* mounted(() => document(html))
      const relay = yield* relayed({
        ...(yield* options),
        origins: [site.origin],
        // nothing listens there
        endpoint: "http://127.0.0.1:9"
      }, NodeTransport.layer())
      const found = yield* loginAt(site.origin, relay.url)
      assert.deepInclude(found, { ended: "TransportError", sent: "no" })
    }).pipe(Effect.provide(service)))
})
