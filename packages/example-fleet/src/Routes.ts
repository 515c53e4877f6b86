/**
 * The routes. Put your own authentication before them: who may call them can log in any device.
 *
 * No response has a token. The code for the person is in the response of a start alone.
 */
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Sampler } from "./Figures.ts"
import { Fleet } from "./Fleet.ts"
import { Inventory } from "./Inventory.ts"
import * as Page from "./Page.ts"
import * as Problem from "./Problem.ts"
import { Stopping } from "./Stopping.ts"

class BadRequest extends Data.TaggedError("BadRequest") {
  override readonly message = "The query may have again=true or again=false, and the path the id of a device."
}

class RouteUnknown extends Data.TaggedError("RouteUnknown") {
  override readonly message = "There is no such route. The README of the fleet lists the routes."
}

const idOf = HttpRouter.schemaPathParams(Schema.Struct({ id: Schema.String })).pipe(
  Effect.mapBoth({ onSuccess: ({ id }) => id, onFailure: () => new BadRequest() })
)

const againOf = HttpServerRequest.schemaSearchParams(
  Schema.Struct({ again: Schema.optionalKey(Schema.Literals(["true", "false"])) })
).pipe(Effect.mapBoth({ onSuccess: ({ again }) => again === "true", onFailure: () => new BadRequest() }))

const json = (status: number, body: object) => HttpServerResponse.jsonUnsafe(body, { status, headers: Problem.headers })

const done = HttpServerResponse.empty({ status: 204, headers: Problem.headers })

/** A browser that shows the page loads nothing else, and shows it in no frame. */
const pageHeaders = {
  ...Problem.headers,
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff"
}

const devices = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const fleet = yield* Fleet
  const stopping = yield* Stopping
  const add = <E extends Problem.Failure, R>(
    method: "GET" | "POST" | "DELETE",
    path: HttpRouter.PathInput,
    handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
  ) => router.add(method, path, Effect.catch(handler, Problem.respond))

  yield* add(
    "POST",
    "/devices/:id/login",
    Effect.gen(function*() {
      const login = yield* fleet.start(yield* idOf, yield* againOf)
      const { id, userCode, verificationUri, verificationUriComplete } = login
      const expiresAt = DateTime.formatIso(login.expiresAt)
      return json(200, { id, verificationUri, verificationUriComplete, userCode, expiresAt })
    })
  )
  yield* add("GET", "/devices/:id", Effect.map(Effect.flatMap(idOf, fleet.get), (view) => json(200, view)))
  yield* add("DELETE", "/devices/:id/login", Effect.as(Effect.flatMap(idOf, fleet.cancel), done))
  yield* add("POST", "/devices/:id/hurry", Effect.as(Effect.flatMap(idOf, fleet.hurry), done))
  yield* add(
    "GET",
    "/devices/:id/events",
    Effect.gen(function*() {
      const id = yield* idOf
      yield* fleet.get(id) // an unknown device is a 404, and no empty stream
      return HttpServerResponse.stream(
        fleet.events(id).pipe(
          Stream.map((view) => `data: ${JSON.stringify(view)}\n\n`),
          // the caller connects again, to another process
          Stream.interruptWhen(stopping.begun),
          Stream.encodeText
        ),
        { contentType: "text/event-stream", headers: Problem.headers }
      )
    })
  )
}))

const status = (name: string) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const inventory = yield* Inventory
    const sampler = yield* Sampler
    const stopping = yield* Stopping
    const page = Effect.gen(function*() {
      const content: Page.Content = {
        name,
        isStopping: yield* stopping.isStopping,
        counts: yield* inventory.counts,
        figures: yield* sampler.now,
        latest: yield* inventory.latest(20)
      }
      return HttpServerResponse.text(Page.render(content), {
        contentType: "text/html; charset=utf-8",
        headers: pageHeaders
      })
    })
    yield* router.add("GET", "/", Effect.catch(page, Problem.respond))
    yield* router.add("*", "/*", Problem.respond(new RouteUnknown()))
    yield* router.add("GET", "/healthz", HttpServerResponse.text("ok"))
    yield* router.add(
      "GET",
      "/readyz",
      Effect.map(stopping.isStopping, (isStopping) =>
        HttpServerResponse.text(isStopping ? "stopping" : "ok", { status: isStopping ? 503 : 200 }))
    )
  }))

/** The routes of a process of this name. */
export const layer = (name: string) =>
  Layer.mergeAll(devices, status(name)).pipe(
    // probes and the page come each second, and say nothing in a trace
    Layer.provideMerge(HttpMiddleware.layerTracerDisabledForUrls(["/", "/healthz", "/readyz"]))
  )

/** A login's id has up to 200 characters, and each may be three times as long in a path. */
export const routerConfig = { maxParamLength: 1000 }
