/**
 * A transport that records another transport, and a transport that replays a recording.
 *
 * {@link layerRecord} passes each exchange through unchanged and writes it to a file. You can read the file and keep it in a
 * repository. It holds only what the schemas of the operations name:
 *
 * - A member that the schema makes `Redacted` becomes a placeholder such as `<deviceCode 1>`. The same secret gets the same
 *   placeholder everywhere. All texts inside such a member are secrets.
 * - The user code becomes `USER-0001`, also in URLs and in other spellings. It is not a secret, but no log may show it.
 * - Members that no schema names are left out. Of the headers, only type, date, retry time, error type and request id are kept.
 *   Of a body that is not a JSON object, only its length is kept.
 * - Any other text that holds eight characters of a secret becomes `<scrubbed>`. A URL becomes `https://scrubbed.invalid/`. The
 *   search ignores case. It looks under the escapes of URLs, JSON and HTML, and into base64 and hex.
 * - A secret of less than eight characters is searched for only in the service's descriptions.
 * - Client ids, names, scopes and the start URL are not secret, and are kept. Record with names that you can show.
 *
 * {@link layerReplay} responds from the file. Each request must equal the recorded request, in the recorded order. Any other
 * request dies with a {@link ReplayError} that shows the difference. The error is raised again when the layer closes. It is
 * also raised if exchanges are unused at that time. A replay takes no time: a recorded failure fails at once, and a lost
 * response is lost again. The client must send back each secret that the recording gave it. The caller's own secrets may have
 * any value.
 *
 * Absolute times are kept. `TestClock` begins at 1970, so a recorded registration has not expired under it.
 *
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as Cause from "effect/Cause"
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
 * A place for a recording.
 *
 * @category models
 * @since 0.1.0
 */
export interface Store {
  /** The name of the recording in messages: for a file, its path. */
  readonly name: string
  /** Reads the whole recording. */
  readonly read: Effect.Effect<string, RecordingError>
  /** Replaces the whole recording. A recorder calls it many times. */
  readonly write: (text: string) => Effect.Effect<void, RecordingError>
  /**
   * Keeps other recorders out until the scope closes, or fails with `problem: "inUse"`. By default only a second recorder on
   * the same object is kept out.
   */
  readonly lock?: Effect.Effect<void, RecordingError, Scope.Scope> | undefined
}

/**
 * The options of a recording.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** More operations that can be recorded. Those of `SsoOidc.operations` are always known. The default is none. */
  readonly operations?: ReadonlyArray<Operation.Any> | undefined
}

/**
 * The options of a recording in a file.
 *
 * @category models
 * @since 0.1.0
 */
export interface FileOptions extends Options {
  /** The path of the file. A relative path counts from the working directory. The folder must exist. */
  readonly file: string
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A recording cannot be read or written. The layers fail with it. If the file becomes unwritable later, it is a defect at the
 * end of the recording.
 *
 * @category errors
 * @since 0.1.0
 */
export class RecordingError extends Schema.TaggedError<RecordingError>("@sso-oidc/testing/RecordingError")(
  "RecordingError",
  {
    /**
     * `unreadable` and `unwritable`: the store failed. `inUse`: another recorder writes to the same place. `malformed`: the
     * text is not a recording. `version`: another version of the format.
     */
    problem: Schema.Literals(["unreadable", "unwritable", "inUse", "malformed", "version"]),
    /** The name of the store: for a file, its path. */
    recording: Schema.String,
    /** The reason, and what to do. */
    detail: Schema.String
  }
) {
  /** The recording, what failed, why, and what to do. */
  override readonly message: string = `The recording ${this.recording} ${
    this.problem === "unwritable" || this.problem === "inUse" ? "cannot be written" : "cannot be replayed"
  }: ${this.detail}.`
}

interface ReplayErrorMembers {
  /** The tag of this error. */
  readonly _tag: "ReplayError"
  /** The number of the exchange, and how the request differs. */
  readonly message: string
}

const ReplayErrorBase: new(members: Omit<ReplayErrorMembers, "_tag">) => Cause.YieldableError & ReplayErrorMembers =
  /* @__PURE__ */ Data.TaggedError("ReplayError")<Omit<ReplayErrorMembers, "_tag">>

/**
 * A request differs from the recorded request. This is a defect.
 *
 * @category errors
 * @since 0.1.0
 */
export class ReplayError extends ReplayErrorBase {}

interface NotRecordableMembers {
  /** The tag of this error. */
  readonly _tag: "NotRecordable"
  /** The method and path of the request, and what to do. */
  readonly message: string
}

const NotRecordableBase: new(
  members: Omit<NotRecordableMembers, "_tag">
) => Cause.YieldableError & NotRecordableMembers = /* @__PURE__ */ Data.TaggedError("NotRecordable")<
  Omit<NotRecordableMembers, "_tag">
>

/**
 * A request cannot be recorded, because it is no known operation. This is a defect.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotRecordable extends NotRecordableBase {}

// -----------------------------------------------------------------------------
// stores
// -----------------------------------------------------------------------------

/**
 * A store that is a file. A recorder writes a new file beside it and moves that file into place. So a killed process leaves the
 * last whole recording.
 *
 * A recorder holds `FILE.lock`, and a second recorder fails with `problem: "inUse"`, in another process too. The lock of a
 * process that has ended is taken over.
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
 * Records the client in the context until the scope closes. It writes to the store while exchanges happen, and at the end. The
 * store always holds a whole recording. An exchange is in it at most 0.2 seconds after its end. A short recording is written
 * after each exchange. A second recorder on the same store fails with a `RecordingError`.
 *
 * A body is recorded up to where its reader stopped. A replay gives as many bytes, and a reader that wants more dies with a
 * {@link ReplayError}.
 *
 * It dies with a `RangeError` if the schema of an operation does not tell which members are secret, or has a secret that is not
 * text.
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
  // written before the first request, so that an unwritable store fails before anything is sent
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
            message: `RecordedTransport cannot record ${
              Request.nameOf(request.method, url)
            }. It is not a known operation, so its secrets cannot be removed. Add its operation to the option operations.`
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
              "a recorder of this process is writing to it. Give each recording its own store, or let its users share " +
              "one layer"
          })
        )
        : Effect.sync(() => locked.add(store))
    ),
    () => Effect.sync(() => locked.delete(store))
  ))

/**
 * A client that responds from the recording until the scope closes.
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
        message: `The test ended before it used every exchange of the recording ${store.name}. No request came for\n${
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
    const called = operation?.name ?? Request.nameOf(request.method, url)
    const exchange = exchanges[used++]
    if (exchange === undefined) {
      return yield* wrong(
        `${called} was called, but all ${exchanges.length} exchanges of ${store.name} are used already`
      )
    }
    const where = `Exchange ${used} of ${store.name}`
    if (operation === undefined || operation.name !== exchange.operation) {
      return yield* wrong(`${where} is ${exchange.operation}, but ${called} was called`)
    }
    if (members === undefined) {
      return yield* wrong(`${where}: ${called} was called with a body that is not a JSON object`)
    }
    const differences = Replayer.differences(bindings, operation, exchange.request, members)
    return differences.length === 0
      ? yield* Replayer.again(
        bindings,
        operation,
        request,
        exchange,
        (bytes) =>
          wrong(
            `${where}: the body of ${called} was read beyond its first ${bytes} bytes, where the recorded reader stopped`
          )
      )
      : yield* wrong(`${where}: the request of ${called} differs from the recorded one:\n${differences.join("\n")}`)
  }))
})

const operationsOf = (options: Options): ReadonlyArray<Operation.Any> => {
  const operations = [...options.operations ?? [], ...SsoOidc.operations]
  // throws before anything is sent if a schema does not tell which members are secret
  for (const operation of operations) Secrets.of(operation)
  return operations
}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * Records the transport in its context to a file. The previous content of the file is lost.
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
 * Records the transport in its context to any store.
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
