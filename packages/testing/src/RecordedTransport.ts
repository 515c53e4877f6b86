/**
 * A transport that records another one, and one that replays what was recorded.
 *
 * {@link layerRecord} passes every exchange through as it is and writes it to a file. The file is meant to be read and kept in
 * a repository. It holds what the operations' schemas name, and nothing else:
 *
 * - A member that the schema makes `Redacted` becomes a placeholder, `<deviceCode 1>`. It is the same one wherever that secret
 *   stands: the code of the response is the code of the poll. All texts below such a member are secrets.
 * - The code that a person confirms becomes `USER-0001`, in the URLs too, however it is spelled there. It is no secret, but
 *   no log may have it.
 * - Members that no schema names are left out. So are all headers but those that a client reads (type, date, retry time,
 *   request id), and the text of a body that is no JSON object, of which the length is kept.
 * - Any other text that holds eight characters of a secret becomes `<scrubbed>`, a URL `https://scrubbed.invalid/`. The
 *   secret is found in capitals or not, under escapes of URLs, JSON and HTML, and in base64 or hex. A secret of less than
 *   eight characters is looked for in the service's descriptions alone. Client ids, names, scopes and the start URL are kept,
 *   since they are not secret: put names there that you would show.
 *
 * {@link layerReplay} responds from the file, strictly: each request must be the recorded one, in the recorded order. Any other
 * request dies with a {@link ReplayError} that shows the difference, and the error is raised again when the layer closes. It is
 * raised too when exchanges are left. A replay takes no time: a failure fails again, a lost response is lost again. A secret
 * that the recording gave out must come back; one of the caller's own may be any.
 *
 * Absolute times are kept: under `TestClock`, which begins at 1970, what was registered then has not expired.
 *
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Draft from "./internal/draft.ts"
import * as Ledger from "./internal/ledger.ts"
import * as Recorder from "./internal/recorder.ts"
import * as Recording from "./internal/recording.ts"
import * as RecordingFile from "./internal/recordingFile.ts"
import * as Replayer from "./internal/replayer.ts"
import * as Request from "./internal/request.ts"
import * as Saver from "./internal/saver.ts"
import * as Secrets from "./internal/secrets.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Where a recording is kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface Store {
  /** What messages call the recording: for a file, its path. */
  readonly name: string
  /** Reads the whole recording. */
  readonly read: Effect.Effect<string, RecordingError>
  /** Writes the whole recording, each time. */
  readonly write: (text: string) => Effect.Effect<void, RecordingError>
  /**
   * Keeps other recorders out until the end of the scope. By default the store's object alone is kept: a second recorder
   * on the same object fails with `problem: "inUse"`.
   */
  readonly lock?: Effect.Effect<void, RecordingError, Scope.Scope> | undefined
}

/**
 * What a recording can be told.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Further operations than those of `SsoOidc.operations`. None by default. */
  readonly operations?: ReadonlyArray<Operation.Any> | undefined
}

/**
 * The same, with the path of the file.
 *
 * @category models
 * @since 0.1.0
 */
export interface FileOptions extends Options {
  /** The path of the file. A relative path counts from the working directory. The folder must be there. */
  readonly file: string
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A recording that cannot be read or written. In the error channel of the layers; a defect at the end of a recording
 * whose file has become unwritable.
 *
 * @category errors
 * @since 0.1.0
 */
export class RecordingError extends Schema.TaggedError<RecordingError>("@sso-oidc/testing/RecordingError")(
  "RecordingError",
  {
    /** `inUse`: another recorder writes to the same place. */
    problem: Schema.Literals(["unreadable", "unwritable", "inUse", "malformed", "version"]),
    /** The name of its store: for a file, its path. */
    recording: Schema.String,
    /** Why, and what to do. */
    detail: Schema.String
  }
) {
  override readonly message: string = `The recording ${this.recording} ${
    this.problem === "unwritable" || this.problem === "inUse" ? "cannot be written" : "cannot be replayed"
  }: ${this.detail}.`
}

/**
 * The requests are not the recorded ones: a defect, whose message shows the difference.
 *
 * @category errors
 * @since 0.1.0
 */
export class ReplayError extends Data.TaggedError("ReplayError")<{
  /** Which exchange, and where the request differs. */
  readonly message: string
}> {}

/**
 * A request that cannot be recorded, since it is none of the operations: a defect.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotRecordable extends Data.TaggedError("NotRecordable")<{
  /** The request, by its method and path. */
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// stores
// -----------------------------------------------------------------------------

/**
 * A store that is a file. It is written beside itself and moved into place, so that a killed process leaves the last whole one. A recorder
 * has it to itself: it holds `FILE.lock`, and a second recorder fails with `problem: "inUse"`, in another process too. The
 * lock of a process that is gone is taken over.
 *
 * @category stores
 * @since 0.1.0
 */
export const makeFileStore = (path: string): Effect.Effect<Store, never, FileSystem.FileSystem> =>
  Effect.map(FileSystem.FileSystem, (fs) => {
    const kept = RecordingFile.make(fs, path)
    const failed = Effect.mapError((problem: RecordingFile.Problem) =>
      new RecordingError({ recording: path, ...problem })
    )
    return { name: path, read: failed(kept.read), write: (text) => failed(kept.write(text)), lock: failed(kept.lock) }
  })

/**
 * A store in memory, for a recording that is replayed in the same test.
 *
 * @category stores
 * @since 0.1.0
 */
export const makeMemoryStore = (name = "in memory"): Store => {
  let kept: string | undefined
  return {
    name,
    read: Effect.suspend(() =>
      kept === undefined
        ? Effect.fail(
          new RecordingError({ problem: "unreadable", recording: name, detail: "nothing was written to it" })
        )
        : Effect.succeed(kept)
    ),
    write: (text) =>
      Effect.sync(() => {
        kept = text
      })
  }
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The client in the context, recorded until the end of the scope. The store is written beside the exchanges, and at the
 * end: what stands there is whole at any time. An exchange is there at the latest 0.2 seconds after its end; a short
 * recording is written at each. Two recorders on one store are a `RecordingError`.
 *
 * A body is recorded as far as its reader read it. Where the reader stopped before the end, a replay gives as much, and a
 * reader that wants more of it dies with a {@link ReplayError}.
 *
 * An operation whose schema cannot tell which of its members is secret, or has a secret that is no text, is a mistake in
 * the program: a `RangeError` dies.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeRecord = Effect.fnUntraced(function*(
  store: Store,
  options: Options = {}
): Effect.fn.Return<HttpClient.HttpClient, RecordingError, HttpClient.HttpClient | Scope.Scope> {
  const operations = operationsOf(options)
  yield* store.lock ?? lockOf(store)
  const draft = new Draft.Draft(operations)
  const scope = yield* Effect.scope
  const saver = yield* Saver.make(Effect.suspend(() => store.write(draft.render())), scope)
  // before anything is sent: a recording that cannot be kept is none
  yield* saver.save
  yield* Effect.addFinalizer(() => Effect.orDie(saver.save))
  return HttpClient.transform(
    yield* HttpClient.HttpClient,
    Effect.fnUntraced(function*(exchange, request) {
      const url = Option.getOrUndefined(HttpClientRequest.toUrl(request))
      if (url === undefined) return yield* exchange
      const operation = Request.find(operations, request.method, url)
      const members = operation && (yield* Request.membersOf(operation, request, url))
      if (operation === undefined || members === undefined) {
        return yield* Effect.die(
          new NotRecordable({
            message: `What is not known to an operation's schema cannot be scrubbed, and is not recorded: ${
              Request.nameOf(request.method, url)
            }`
          })
        )
      }
      const happened = draft.begin(operation, members)
      return yield* Recorder.watch(exchange, (outcome) =>
        Effect.suspend(() => {
          draft.tell(happened, outcome)
          return saver.changed
        }))
    })
  )
})

const locked = new WeakSet<Store>()

const lockOf = (store: Store): Effect.Effect<void, RecordingError, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.suspend(() =>
      locked.has(store)
        ? Effect.fail(
          new RecordingError({
            problem: "inUse",
            recording: store.name,
            detail:
              "a recorder of this process is writing it. Give each recording its own store, or let its users share " +
              "one layer"
          })
        )
        : Effect.sync(() => locked.add(store))
    ),
    () => Effect.sync(() => locked.delete(store))
  ))

/**
 * A client that responds from the recording, until the end of the scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeReplay = Effect.fnUntraced(function*(
  store: Store,
  options: Options = {}
): Effect.fn.Return<HttpClient.HttpClient, RecordingError, Scope.Scope> {
  const operations = operationsOf(options)
  const recording = Recording.read(yield* store.read, operations)
  if (Result.isFailure(recording)) return yield* new RecordingError({ recording: store.name, ...recording.failure })
  const exchanges = recording.success
  const bindings = new Replayer.Bindings()
  let used = 0
  const { die } = yield* Ledger.make<ReplayError>({
    leftOver: () =>
      used >= exchanges.length ? undefined : new ReplayError({
        message: `Not every exchange of the recording ${store.name} was used. No request came for\n${
          exchanges.slice(used).map(({ operation }, at) => `    ${used + at + 1}. ${operation}`).join("\n")
        }`
      }),
    together: ([first, ...rest]) =>
      rest.length === 0
        ? first
        : new ReplayError({ message: [first, ...rest].map(({ message }) => message).join("\n\n") })
  })
  const wrong = (message: string) => die(new ReplayError({ message }))

  return HttpClient.make(Effect.fnUntraced(function*(request, url) {
    const operation = Request.find(operations, request.method, url)
    const members = operation && (yield* Request.membersOf(operation, request, url))
    const asked = operation?.name ?? Request.nameOf(request.method, url)
    const exchange = exchanges[used++]
    if (exchange === undefined) {
      return yield* wrong(`${asked} was called, and the ${exchanges.length} exchanges of ${store.name} are used up`)
    }
    const where = `Exchange ${used} of ${store.name}`
    if (operation === undefined || operation.name !== exchange.operation) {
      return yield* wrong(`${where} is ${exchange.operation}, and ${asked} was called`)
    }
    if (members === undefined) return yield* wrong(`${where}: ${asked} came with a body that is no JSON object`)
    const differences = Replayer.differences(bindings, operation, exchange.request, members)
    return differences.length === 0
      ? yield* Replayer.again(
        bindings,
        operation,
        request,
        exchange,
        (bytes) =>
          wrong(
            `${where}: the body of ${asked} was read beyond its first ${bytes} bytes, where its recorded reader stopped`
          )
      )
      : yield* wrong(`${where}: ${asked} is another request than the recorded one:\n${differences.join("\n")}`)
  }))
})

const operationsOf = (options: Options): ReadonlyArray<Operation.Any> => {
  const operations = [...options.operations ?? [], ...SsoOidc.operations]
  // throws for one that cannot be scrubbed, before there is anything to scrub
  for (const operation of operations) Secrets.of(operation)
  return operations
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Records the transport that it is given to a file. What the file held before is gone.
 *
 * @example
 * ```ts
 * import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import * as RecordedTransport from "@sso-oidc/testing/RecordedTransport"
 * import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
 * import * as Layer from "effect/Layer"
 *
 * const Recording = SsoOidc.layer({ region: "eu-west-1" }).pipe(
 *   Layer.provide(RecordedTransport.layerRecord({ file: "test/login.recording.json" })),
 *   Layer.provide([NodeTransport.layer(), NodeFileSystem.layer])
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRecord = (
  options: FileOptions
): Layer.Layer<HttpClient.HttpClient, RecordingError, HttpClient.HttpClient | FileSystem.FileSystem> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.flatMap(makeFileStore(options.file), (store) => makeRecord(store, options))
  )

/**
 * Replays the recording in a file.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerReplay = (
  options: FileOptions
): Layer.Layer<HttpClient.HttpClient, RecordingError, FileSystem.FileSystem> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.flatMap(makeFileStore(options.file), (store) => makeReplay(store, options))
  )

/**
 * Records the transport that it is given to any store.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRecordStore = (
  store: Store,
  options?: Options
): Layer.Layer<HttpClient.HttpClient, RecordingError, HttpClient.HttpClient> =>
  Layer.effect(HttpClient.HttpClient, makeRecord(store, options))

/**
 * Replays the recording in any store.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerReplayStore = (store: Store, options?: Options): Layer.Layer<HttpClient.HttpClient, RecordingError> =>
  Layer.effect(HttpClient.HttpClient, makeReplay(store, options))
