import { assert, describe, it } from "@effect/vitest"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Tls from "node:tls"
import { inspect } from "node:util"
import * as Failure from "./support/Failure.ts"
import * as Proxy from "./support/Proxy.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"
import * as Certificates from "./support/testOnlyCertificates.ts"

const hello = Server.always(Server.response("hello"))

const text = (options: NodeTransport.Options, url: string) =>
  NodeTransport.make(options).pipe(
    Effect.flatMap((client) => client.get(url)),
    Effect.flatMap((response) => response.text)
  )

const received = (server: Server.Server) => server.connections.map((connection) => connection.received).join("")

it.effect("NodeTransport dies with a sentence on a Node without process.getBuiltinModule", () =>
  Effect.gen(function*() {
    const getBuiltinModule: unknown = Reflect.get(process, "getBuiltinModule")
    yield* Effect.acquireRelease(
      Effect.sync(() => Object.assign(process, { getBuiltinModule: undefined })),
      () => Effect.sync(() => Object.assign(process, { getBuiltinModule }))
    )
    const exit = yield* Effect.exit(NodeTransport.make())
    assert.include(String(exit), "NodeTransport needs Node 22.19 or newer. Update Node.")
  }))

describe("NodeTransport: certificate authorities (the seam)", () => {
  it.effect("trusts a private authority where it is given, and nowhere else", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, hello)
      assert.deepStrictEqual(yield* Failure.toldBy(yield* NodeTransport.make(), server.origin), {
        sent: "no",
        code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        transient: false
      })
      assert.strictEqual(yield* text({ ca: Authority.root }, server.origin), "hello")
      assert.strictEqual(yield* text({ ca: Authority.root }, `https://localhost:${server.port}`), "hello")
    }))

  it.effect("adds an authority to the platform's authorities, and does not replace them", () =>
    Effect.gen(function*() {
      const before = Tls.getCACertificates("default")
      yield* Effect.acquireRelease(
        Effect.sync(() => Tls.setDefaultCACertificates([...before, Certificates.loopback.cert])),
        () => Effect.sync(() => Tls.setDefaultCACertificates(before))
      )
      const own = yield* Server.tls(Authority.server, hello)
      const platforms = yield* Server.tls(Certificates.loopback, hello)
      for (const { origin } of [own, platforms]) {
        assert.strictEqual(yield* text({ ca: Authority.root }, origin), "hello")
      }
    }))

  it.effect("fails with a sentence for an authority on a Node that does not give its own", () =>
    Effect.gen(function*() {
      const tls = process.getBuiltinModule("node:tls")
      const { getCACertificates } = tls
      yield* Effect.acquireRelease(
        Effect.sync(() => Reflect.deleteProperty(tls, "getCACertificates")),
        () => Effect.sync(() => Object.assign(tls, { getCACertificates }))
      )
      const error = yield* Effect.flip(NodeTransport.make({ ca: Authority.root }))
      assert.deepStrictEqual([error._tag, error.option], ["TransportOptionsError", "ca"])
      assert.strictEqual(
        error.message,
        "The transport cannot be built: its option `ca` needs Node 22.15 or newer (`tls.getCACertificates`). Update Node, " +
          "or name the file in NODE_EXTRA_CA_CERTS and not in `ca` or AWS_CA_BUNDLE."
      )
      // no other option needs the platform's authorities
      yield* NodeTransport.make()
      yield* NodeTransport.make({ cert: Authority.client.cert, key: Redacted.make(Authority.client.key) })
    }))

  it.effect("reads several authorities from one text or from several, with other text between them", () =>
    Effect.gen(function*() {
      const one = yield* Server.tls(Authority.server, hello)
      const other = yield* Server.tls(Certificates.loopback, hello)
      const together =
        `# ours\n${Certificates.otherName.cert}\n\nsubject=a: b\n${Authority.root}\n${Certificates.loopback.cert}\n`
      for (const ca of [together, together.replaceAll("\n", "\r\n"), [Certificates.loopback.cert, Authority.root]]) {
        assert.strictEqual(yield* text({ ca }, one.origin), "hello")
        assert.strictEqual(yield* text({ ca }, other.origin), "hello")
      }
    }))

  it.effect("still checks the name of a certificate from a given authority", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Certificates.otherName, hello)
      const client = yield* NodeTransport.make({ ca: Certificates.otherName.cert })
      assert.include(yield* Failure.causeOf(client, server.origin), {
        sent: "no",
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
        transient: false
      })
    }))
})

const mutual = { ...Authority.server, ca: Authority.root, requestCert: true, rejectUnauthorized: true }

/** Responds with the name in the client's certificate. */
const nameOfClient: Parameters<typeof Server.tls>[1] = ({ socket }) => {
  const peer = socket instanceof Tls.TLSSocket ? socket.getPeerCertificate().subject.CN : "none"
  socket.write(Server.response(String(peer)))
}

const key = Redacted.make(Authority.client.key)

describe("NodeTransport: the client's certificate (the seam)", () => {
  it.effect.each([
    { what: "its key", identity: { cert: Authority.client.cert, key } },
    {
      what: "its key under a passphrase",
      identity: {
        cert: Authority.client.cert,
        key: Redacted.make(Authority.encrypted.key),
        passphrase: Redacted.make(Authority.encrypted.passphrase)
      }
    }
  ])(
    "goes to a server that asks for it, with $what, directly and through a tunnel",
    ({ identity }) =>
      Effect.gen(function*() {
        const server = yield* Server.tls(mutual, nameOfClient)
        assert.strictEqual(yield* text({ ca: Authority.root, ...identity }, server.origin), "TEST ONLY client")
        const proxy = yield* Proxy.make()
        const options = { ca: Authority.root, ...identity, proxy: { https: proxy.url, loopback: true } }
        assert.strictEqual(yield* text(options, server.origin), "TEST ONLY client")
        assert.strictEqual(proxy.connections(), 1)
      })
  )

  it.effect.each(
    [
      // TLS 1.3 tells the client that its part is done before the server has looked at the certificate
      { version: "TLSv1.3", sent: "maybe", code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" },
      { version: "TLSv1.2", sent: "no", code: "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE" }
    ] as const
  )(
    "makes a permanent failure if it is missing, and the request is not sent again: $version",
    (told) =>
      Effect.gen(function*() {
        const { version, ...expected } = told
        const server = yield* Server.tls({ ...mutual, maxVersion: version }, nameOfClient)
        const client = yield* NodeTransport.make({ ca: Authority.root })
        assert.deepStrictEqual(yield* Failure.toldBy(client, `${server.origin}/secret`), {
          ...expected,
          transient: false
        })
        assert.strictEqual(received(server), "")
      })
  )

  it.effect("does not go to a proxy that asks for one", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(mutual, nameOfClient)
      const proxy = yield* Proxy.make({ certificate: mutual })
      const client = yield* NodeTransport.make({
        ca: Authority.root,
        cert: Authority.client.cert,
        key,
        proxy: { https: proxy.url, http: proxy.url, loopback: true }
      })
      assert.include(yield* Failure.causeOf(client, server.origin), {
        sent: "no",
        code: "PROXY_ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
        transient: false
      })
      // here the request is in flight as soon as TLS 1.3 reports an open connection
      assert.include(yield* Failure.causeOf(client, "http://127.0.0.1:9/"), {
        sent: "maybe",
        code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
        transient: false
      })
    }))
})

const cut = Authority.root.slice(0, 300)
const wrong = Redacted.make("wr0ng-s3cret")

describe("NodeTransport: options that are wrong (the seam)", () => {
  const cases: ReadonlyArray<{
    readonly what: string
    readonly options: NodeTransport.Options
    readonly option: string
    readonly detail: RegExp
  }> = [
    { what: "no text", options: { ca: " \n" }, option: "ca", detail: /is empty/ },
    { what: "no PEM", options: { ca: ["s3cret"] }, option: "ca", detail: /no certificate in PEM form/ },
    { what: "half a PEM", options: { ca: `${Authority.root}\n${cut}` }, option: "ca", detail: /number 2 of 2/ },
    {
      what: "half a PEM in the second text",
      options: { ca: [Authority.root, cut] },
      option: "ca",
      detail:
        /^has a text, number 2 of 2, that holds a certificate that cannot be read: number 1 of 1\. Give the whole certificate\.$/
    },
    {
      what: "PEM of no certificate",
      options: { ca: Authority.root.replace(/\n[^-]+\n/, "\nczNjcmV0\n") },
      option: "ca",
      detail: /number 1 of 1/
    },
    {
      what: "a key in its place",
      options: { ca: Authority.client.key },
      option: "ca",
      detail: /no certificate in PEM/
    },
    { what: "no key to it", options: { cert: Authority.client.cert }, option: "cert", detail: /Give `key`/ },
    { what: "no PEM", options: { cert: "s3cret", key }, option: "cert", detail: /no certificate in PEM form/ },
    { what: "no certificate to it", options: { key }, option: "key", detail: /Give `cert`/ },
    {
      what: "no PEM",
      options: { cert: Authority.client.cert, key: Redacted.make("s3cret") },
      option: "key",
      detail: /no private key in PEM form/
    },
    {
      what: "PEM of no key",
      options: {
        cert: Authority.client.cert,
        key: Redacted.make("-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----")
      },
      option: "key",
      detail: /cannot be read/
    },
    {
      what: "another's",
      options: { cert: Authority.client.cert, key: Redacted.make(Authority.server.key) },
      option: "key",
      detail: /is not the private key of the \(first\) certificate/
    },
    {
      what: "encrypted without a passphrase",
      options: { cert: Authority.client.cert, key: Redacted.make(Authority.encrypted.key) },
      option: "key",
      detail: /Give its `passphrase`/
    },
    {
      what: "wrong",
      options: { cert: Authority.client.cert, key: Redacted.make(Authority.encrypted.key), passphrase: wrong },
      option: "passphrase",
      detail: /does not open the `key`/
    },
    { what: "of no key", options: { passphrase: wrong }, option: "passphrase", detail: /Give `key`/ },
    { what: "no URL", options: { proxy: { https: "http://s3cret:x" } }, option: "proxy.https", detail: /not the URL/ },
    { what: "nothing", options: { proxy: { https: "" } }, option: "proxy.https", detail: /not the URL/ },
    { what: "of SOCKS", options: { proxy: { http: "socks5://s3cret:1" } }, option: "proxy.http", detail: /SOCKS/ },
    {
      what: "a file of settings",
      options: { proxy: { https: "http://wpad/s3cret.pac" } },
      option: "proxy.https",
      detail: /has a path/
    },
    {
      what: "open about its password",
      options: { proxy: { https: "http://me:s3cret@proxy:1" } },
      option: "proxy.https",
      detail: /Give it as Redacted/
    },
    {
      what: "badly encoded",
      options: { proxy: { http: Redacted.make("http://me:s3cret%@proxy:1") } },
      option: "proxy.http",
      detail: /percent-encoded/
    },
    {
      what: "of a user with a colon",
      options: { proxy: { http: Redacted.make("http://me%3As3cret:x@proxy:1") } },
      option: "proxy.http",
      detail: /colon/
    },
    {
      what: "of a range that is none",
      options: { proxy: { noProxy: ["localhost", "10.0.0.0/99"] } },
      option: "proxy.noProxy",
      detail: /number 2/
    }
  ]

  it.effect.each(cases)(
    "fails with an error that names $option, and not its value, if it is $what",
    (wrong) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(NodeTransport.make(wrong.options))
        assert.strictEqual(error._tag, "TransportOptionsError")
        assert.strictEqual(error.option, wrong.option)
        assert.match(error.detail, wrong.detail)
        assert.include(error.message, `The transport cannot be built: its option \`${wrong.option}\` ${error.detail}`)
        assert.match(error.detail, /[^.]\. [A-Z].*\.$/)
        const printed = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error) + error.message
        assert.notMatch(printed, /s3cret|czNjcmV0|MIGH|MIIB/)
      })
  )

  it.effect("accepts a proxy without a scheme, and a proxy with a slash at its end", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, hello)
      const proxy = yield* Proxy.make()
      for (const https of [`127.0.0.1:${proxy.port}`, `localhost:${proxy.port}`, ` HTTP://127.0.0.1:${proxy.port}/ `]) {
        const options = { ca: Authority.root, proxy: { https, loopback: true } }
        assert.strictEqual(yield* text(options, server.origin), "hello")
      }
      assert.strictEqual(proxy.asked.length, 3)
    }))
})
