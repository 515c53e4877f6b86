/**
 * Seals secrets that a program stores, so that a copy of its store gives no secret away.
 *
 * The cipher is AES-256-GCM of WebCrypto, under a ring of named keys. A sealed text opens only at the place that it was sealed for. With
 * {@link fromFunctions} you seal in another way, such as by a key management service.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Sealed from "./internal/sealed.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A key: exactly 32 random bytes, such as of `crypto.getRandomValues(new Uint8Array(32))`. Bytes that are all zero are refused.
 *
 * @category models
 * @since 0.1.0
 */
export type Key = Redacted.Redacted<Uint8Array>

/**
 * A ring of named keys. Invalid rings are a mistake in the program: {@link make} dies with a `RangeError` that says what is wrong.
 *
 * The bytes are copied when `make` or `layer` is called. You may erase yours after that.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ring {
  /** The name of the key that seals. It must be a name in `keys`. */
  readonly current: string
  /**
   * Every key that opens, by its name: 1 to 32 of `A-Z`, `a-z`, `0-9`, `_` and `-`. The name stands in plain in each sealed text. At least
   * one key is needed.
   */
  readonly keys: Readonly<Record<string, Key>>
}

/**
 * What a sealer does.
 *
 * A place is a text that says where the sealed text is stored, such as `my-tool/session/corp`. Put the name of your package in front. The
 * place is not in the sealed text, so give the same one to `unseal`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Seals a secret for a place. The result may be stored: it shows the name of the key and the length of the secret. */
  readonly seal: (place: string, secret: Redacted.Redacted<string>) => Effect.Effect<string, SealerUnavailable>
  /** Opens a text at the place that it was sealed for. */
  readonly unseal: (
    place: string,
    sealed: string
  ) => Effect.Effect<Redacted.Redacted<string>, Unsealable | SealerUnavailable>
  /**
   * Whether the next write should seal the secret again: `false` if the text has the form of a sealed text and names the current key.
   * Anything else gives `true`, also a text that is not sealed. It opens nothing, so it does not tell whether the text can be opened.
   */
  readonly isOld: (sealed: string) => boolean
}

/**
 * Functions that seal in another way, for {@link fromFunctions}. Any failure, throw, rejection or defect is a {@link SealerUnavailable},
 * which keeps only the code or the name of the error. An `Unsealable` that `unseal` fails with stays one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Functions {
  /** Seals a secret for a place, into a text that is not empty. A text that shows the secret is refused, also in base64 or hex. */
  readonly seal: (
    place: string,
    secret: Redacted.Redacted<string>
  ) => Effect.Effect<string, unknown> | PromiseLike<string>
  /**
   * Opens a text at its place. If waiting does not help, such as for a changed text, fail with `new Unsealable({ reason: "changed" })`.
   * Anything but a `Redacted` text is refused.
   */
  readonly unseal: (
    place: string,
    sealed: string
  ) => Effect.Effect<Redacted.Redacted<string>, unknown> | PromiseLike<Redacted.Redacted<string>>
  /** Whether the next write should seal the secret again. `false` by default, and also if it throws or gives anything but `true`. */
  readonly isOld?: ((sealed: string) => boolean) | undefined
  /**
   * The longest time that `seal` or `unseal` may take. 10 seconds by default. It must be longer than zero and finite; a bare number counts
   * milliseconds. Any other value is a `RangeError`.
   */
  readonly timeout?: Duration.Input | undefined
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const closed = ({ key, reason }: typeof Unsealable.Encoded): string => {
  const named = key === undefined ? "" : ` "${key}"`
  if (reason === "form") {
    return "it has not the form of a text that this release seals. Check what was stored. If a newer release sealed it, use that one."
  }
  return reason === "unknownKey"
    ? `the sealer does not have the key${named} that sealed it. Give that key to the sealer again.`
    : `it was changed, it is of another place, or another key sealed it. Check that each process has the same key${named}.`
}

/**
 * A text cannot be opened, and waiting does not help. The secret in it is lost unless its key or its place is found.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unsealable extends Schema.TaggedError<Unsealable>("@sso-oidc/core/Unsealable")("Unsealable", {
  /**
   * Why it cannot be opened.
   *
   * - `"form"`: it is no sealed text, or it is one of another release, or it is too large.
   * - `"unknownKey"`: the ring has no key of its name.
   * - `"changed"`: the text was changed, belongs to another place, or another key of the same name sealed it.
   */
  reason: Schema.Literals(["form", "unknownKey", "changed"]),
  /** The name of the key that the text names. Absent if the text has no such name. */
  key: Schema.optionalKey(Schema.String.check(Schema.isPattern(Sealed.keyName)))
}) {
  /** The sentence: what cannot be opened, why, what to do. It repeats neither the text nor its place. */
  override readonly message: string = `A sealed text cannot be opened: ${
    closed(this)
  } If this does not help, make the secret anew, such as by a login.`
}

const actions = {
  make: "The sealer cannot be made",
  seal: "A secret was not sealed",
  unseal: "A sealed text was not opened"
}

const closedFor = {
  noWebCrypto: "this runtime has no WebCrypto (crypto.subtle). Serve a page over https or from localhost.",
  failed: "the sealer failed. Check the service or the device that has its keys, and try again.",
  timeout:
    "the sealer took longer than its time limit. Check the service that has its keys, try again, or raise `timeout`.",
  wrongResult:
    "the function that was given to Sealer.fromFunctions gave a value of another type. Correct that function.",
  showsSecret:
    "the function that was given to Sealer.fromFunctions put the secret into its result. Correct that function.",
  tooLarge: "the secret is too large. Store less in one secret: 262,144 characters always fit."
}

/**
 * The sealer cannot do its work now. It says nothing about a stored text: keep it, and try again later.
 *
 * @category errors
 * @since 0.1.0
 */
export class SealerUnavailable
  extends Schema.TaggedError<SealerUnavailable>("@sso-oidc/core/SealerUnavailable")("SealerUnavailable", {
    /** What was to be done: make the sealer from its ring, seal a secret, or open a text. */
    action: Schema.Literals(["make", "seal", "unseal"]),
    /**
     * Why it could not be done.
     *
     * - `"failed"`, `"timeout"`: the sealer failed, or took too long. Waiting may help.
     * - `"noWebCrypto"`: the runtime has no `crypto.subtle`, such as a page over plain http.
     * - `"wrongResult"`, `"showsSecret"`: a function of {@link fromFunctions} gave a value of another type, or the secret itself.
     * - `"tooLarge"`: the secret is too large. 262,144 characters always fit.
     */
    reason: Schema.Literals(["failed", "timeout", "noWebCrypto", "wrongResult", "showsSecret", "tooLarge"]),
    /** The code or the name of the error that the sealer failed with, such as `ThrottlingException`, if it has one of letters alone. */
    code: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[A-Za-z_]{1,64}$/)))
  })
{
  /** The sentence: what was not done, why, what to do. */
  override readonly message: string = `${actions[this.action]}${this.code === undefined ? "" : ` (${this.code})`}: ${
    closedFor[this.reason]
  }`
}

const failed = (action: SealerUnavailable["action"], error: unknown, secret = ""): SealerUnavailable => {
  const code = Sealed.codeOf(error, secret)
  return new SealerUnavailable({ action, reason: "failed", ...(code === undefined ? {} : { code }) })
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The sealer as a service.
 *
 * @example
 * ```ts
 * import * as Sealer from "@sso-oidc/core/Sealer"
 * import * as Effect from "effect/Effect"
 * import * as Redacted from "effect/Redacted"
 *
 * const key = Redacted.make(crypto.getRandomValues(new Uint8Array(32)))
 *
 * const program = Effect.gen(function*() {
 *   const sealer = yield* Sealer.Sealer
 *   const sealed = yield* sealer.seal("my-tool/password", Redacted.make("correct horse"))
 *   return yield* sealer.unseal("my-tool/password", sealed)
 * }).pipe(Effect.provide(Sealer.layer({ current: "2026-11", keys: { "2026-11": key } })))
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Sealer extends Context.Service<Sealer, Service>()("@sso-oidc/core/Sealer") {}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A sealer over a ring of keys. It fails with `SealerUnavailable` if the runtime has no WebCrypto.
 *
 * An invalid ring is a mistake in the program: the effect dies with a `RangeError` that says what is wrong.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = ({ current, keys }: Ring): Effect.Effect<Service, SealerUnavailable> => {
  // Now, not when the effect runs: a caller that erases its bytes in between must not get a key of zeros.
  const copies = Sealed.keysOf(current, keys)
  return typeof copies === "string" ? Effect.die(new RangeError(`Sealer: ${copies}`)) : fromKeys(current, copies)
}

const fromKeys = (
  current: string,
  keys: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
): Effect.Effect<Service, SealerUnavailable> =>
  Effect.gen(function*() {
    const crypto = Sealed.webCrypto()
    if (crypto === undefined) return yield* new SealerUnavailable({ action: "make", reason: "noWebCrypto" })
    const imported = yield* Effect.tryPromise({
      try: () => Sealed.importKeys(crypto, keys),
      catch: (error) => failed("make", error)
    })
    return Sealer.of({
      isOld: (sealed) => Sealed.partsOf(sealed)?.key !== current,
      seal: (place, secret) =>
        Effect.suspend(() => {
          const text = Redacted.value(secret)
          return Effect.tryPromise({
            try: () => Sealed.seal(crypto, current, imported, place, text),
            catch: (error) => failed("seal", error, text)
          })
        }).pipe(Effect.filterOrFail(
          (sealed) => sealed.length <= Sealed.maxLength,
          () => new SealerUnavailable({ action: "seal", reason: "tooLarge" })
        )),
      unseal: (place, sealed) =>
        Effect.flatMap(
          Effect.tryPromise({
            try: () => Sealed.open(crypto, imported, place, sealed),
            catch: (error) => failed("unseal", error)
          }),
          (opened) =>
            typeof opened === "string" ? Effect.succeed(secretOf(opened)) : Effect.fail(new Unsealable(opened))
        )
    })
  })

const secretOf = (text: string): Redacted.Redacted<string> => Redacted.make(text, { label: "secret" })

/**
 * A sealer whose ring comes from configuration. Here an invalid ring is a `ConfigError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeConfig = (
  options: Config.Wrap<Ring>
): Effect.Effect<Service, SealerUnavailable | Config.ConfigError> =>
  Effect.gen(function*() {
    const { current, keys } = yield* Config.unwrap(options)
    const copies = Sealed.keysOf(current, keys)
    return yield* typeof copies === "string" ? Effect.fail(configError(`Sealer: ${copies}`)) : fromKeys(current, copies)
  })

/**
 * A sealer of your own functions, such as over a key management service. It holds them to what a sealer must do.
 *
 * The functions get the place too: use it, so that a text opens nowhere else. A key management service may call it the encryption context.
 *
 * @example
 * ```ts
 * import * as Sealer from "@sso-oidc/core/Sealer"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * declare const kms: {
 *   readonly encrypt: (text: string, context: { readonly place: string }) => Promise<string>
 *   readonly decrypt: (sealed: string, context: { readonly place: string }) => Promise<string>
 * }
 *
 * const isPermanent = (error: unknown) => error instanceof Error && error.name === "InvalidCiphertextException"
 *
 * const Live = Layer.sync(Sealer.Sealer, () =>
 *   Sealer.fromFunctions({
 *     seal: (place, secret) => kms.encrypt(Redacted.value(secret), { place }),
 *     unseal: async (place, sealed) => {
 *       try {
 *         return Redacted.make(await kms.decrypt(sealed, { place }))
 *       } catch (error) {
 *         throw isPermanent(error) ? new Sealer.Unsealable({ reason: "changed" }) : error
 *       }
 *     }
 *   }))
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFunctions = (functions: Functions): Service => {
  const timeout = Duration.fromInput(functions.timeout ?? "10 seconds")
  if (
    Option.isNone(timeout) || !Duration.isGreaterThan(timeout.value, Duration.zero) || !Duration.isFinite(timeout.value)
  ) {
    throw new RangeError("Sealer: timeout must be a duration longer than zero, and finite, such as \"10 seconds\"")
  }
  for (const name of ["seal", "unseal"] as const) {
    if (typeof functions[name] !== "function") throw new RangeError(`Sealer: ${name} must be a function`)
  }
  const call = <E>(
    action: "seal" | "unseal",
    run: () => Effect.Effect<unknown, unknown> | PromiseLike<unknown>,
    onError: (error: unknown) => E | SealerUnavailable
  ): Effect.Effect<unknown, E | SealerUnavailable> =>
    Effect.suspend(() => {
      const given = run()
      return Effect.isEffect(given) ? Effect.map(given, quiet) : Effect.promise(async () => given)
    }).pipe(
      Effect.timeoutOrElse({
        duration: timeout.value,
        orElse: () => Effect.fail(new SealerUnavailable({ action, reason: "timeout" }))
      }),
      Effect.catchCause((cause) => Effect.fail(onError(Cause.squash(cause))))
    )
  const refuse = (action: "seal" | "unseal", reason: "wrongResult" | "showsSecret") =>
    Effect.fail(new SealerUnavailable({ action, reason }))
  return Sealer.of({
    isOld: (sealed) => {
      try {
        return quiet(functions.isOld?.(sealed)) === true
      } catch {
        return false
      }
    },
    seal: (place, secret) =>
      Effect.suspend(() => {
        const text = Redacted.value(secret)
        // made anew, because a caller's error may have more members
        const onError = (error: unknown) =>
          error instanceof SealerUnavailable ? again("seal", error) : failed("seal", error, text)
        return Effect.flatMap(
          call("seal", () => functions.seal(place, secret), onError),
          (sealed) =>
            typeof sealed !== "string" || sealed === ""
              ? refuse("seal", "wrongResult")
              : Sealed.shows(sealed, text)
              ? refuse("seal", "showsSecret")
              : Effect.succeed(sealed)
        )
      }),
    unseal: (place, sealed) => {
      const onError = (error: unknown) =>
        error instanceof Unsealable
          ? unsealableAgain(error)
          : error instanceof SealerUnavailable
          ? again("unseal", error)
          : failed("unseal", error)
      return Effect.flatMap(
        call("unseal", () => functions.unseal(place, sealed), onError),
        (secret) => {
          const text = Sealed.textIn(secret)
          return text === undefined ? refuse("unseal", "wrongResult") : Effect.succeed(secretOf(text))
        }
      )
    }
  })
}

/**
 * A sealer that may be a caller's own, held to what a sealer does. What throws, gives no Effect, has a defect or gives a value of another
 * type becomes a `SealerUnavailable`. Its errors are made anew, because their causes and other members may hold the secret.
 *
 * **Unstable.** A minor release may change it. Use it in a package that stores secrets, not in an application.
 *
 * @category constructors
 * @since 0.1.0
 */
export const guarded = (sealer: Service): Service => {
  /** What the sealer does, without its defects. */
  const call = <E>(
    run: () => Effect.Effect<unknown, unknown>,
    onError: (error: unknown) => E
  ): Effect.Effect<unknown, E> =>
    Effect.suspend(() => {
      const made = quiet(run())
      // Effect would end the fiber of the caller for what is no effect.
      return Effect.isEffect(made) ? Effect.map(made, quiet) : Effect.die(undefined)
    }).pipe(Effect.catchCause((cause) => Effect.fail(onError(Cause.squash(cause)))))
  const unavailable = (action: "seal" | "unseal", secret = "") => (error: unknown): SealerUnavailable =>
    !(error instanceof SealerUnavailable)
      ? failed(action, error, secret)
      : error.code !== undefined && secret.includes(error.code)
      ? new SealerUnavailable({ action, reason: error.reason })
      : again(action, error)
  const refuse = (action: "seal" | "unseal") => Effect.fail(new SealerUnavailable({ action, reason: "wrongResult" }))
  return Sealer.of({
    isOld: (sealed) => {
      try {
        return quiet(sealer.isOld(sealed)) === true
      } catch {
        return false
      }
    },
    seal: (place, secret) =>
      Effect.suspend(() =>
        Effect.flatMap(
          call(() => sealer.seal(place, secret), unavailable("seal", Redacted.value(secret))),
          (sealed) => typeof sealed === "string" && sealed !== "" ? Effect.succeed(sealed) : refuse("seal")
        )
      ),
    unseal: (place, sealed) =>
      Effect.flatMap(
        call(
          () => sealer.unseal(place, sealed),
          (error) => error instanceof Unsealable ? unsealableAgain(error) : unavailable("unseal")(error)
        ),
        (secret) => {
          const text = Sealed.textIn(secret)
          return text === undefined ? refuse("unseal") : Effect.succeed(secretOf(text))
        }
      )
  })
}

/** The value. A `Promise` in a wrong place is dropped, and would end the process if it rejects later without a handler. */
const quiet = <A>(value: A): A => {
  if (value instanceof Promise) value.catch(() => {})
  return value
}

const unsealableAgain = ({ key, reason }: Unsealable): Unsealable =>
  new Unsealable({ reason, ...(key === undefined ? {} : { key }) })

const again = (action: "seal" | "unseal", { code, reason }: SealerUnavailable): SealerUnavailable =>
  new SealerUnavailable({ action, reason, ...(code === undefined ? {} : { code }) })

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * A sealer over a ring of keys, as a layer. See {@link make}.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (ring: Ring): Layer.Layer<Sealer, SealerUnavailable> => Layer.effect(Sealer, make(ring))

/**
 * A sealer as a layer whose ring comes from configuration. Here an invalid ring is a `ConfigError`, which repeats no key.
 *
 * @example
 * ```ts
 * import * as Sealer from "@sso-oidc/core/Sealer"
 * import * as Config from "effect/Config"
 *
 * // SEALER_CURRENT=2026-11 and SEALER_KEYS=2026-10=<base64>,2026-11=<base64>
 * const Live = Sealer.layerConfig({
 *   current: Config.String("SEALER_CURRENT"),
 *   keys: Sealer.configKeys("SEALER_KEYS")
 * })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Wrap<Ring>
): Layer.Layer<Sealer, SealerUnavailable | Config.ConfigError> => Layer.effect(Sealer, makeConfig(options))

// -----------------------------------------------------------------------------
// configs
// -----------------------------------------------------------------------------

const configError = (message: string): Config.ConfigError =>
  new Config.ConfigError(new ConfigProvider.SourceError({ message }))

/**
 * Reads one key from a variable: the base64 or base64url text of 32 bytes, such as `openssl rand -base64 32` prints. Blanks around it do
 * not count. It fails with a `ConfigError` for anything else, and never repeats the text.
 *
 * @category configs
 * @since 0.1.0
 */
export const configKey = (name: string): Config.Config<Key> =>
  Config.mapEffect(Config.Redacted(name), (text) => {
    const key = Sealed.keyIn(Redacted.value(text).trim())
    return key === undefined
      ? Effect.fail(configError(`${name} must be the base64 text of exactly 32 bytes. Correct the variable.`))
      : Effect.succeed(key)
  })

/**
 * Reads the keys of a ring from one variable: `name=key` for each key, with commas or blanks between them. A key is written as for
 * {@link configKey}. It fails with a `ConfigError` for anything else, also for a name that is there twice, and never repeats the text.
 *
 * @category configs
 * @since 0.1.0
 */
export const configKeys = (name: string): Config.Config<Readonly<Record<string, Key>>> =>
  Config.mapEffect(Config.Redacted(name), (text) => {
    const keys = Sealed.keysIn(Redacted.value(text))
    return typeof keys === "string"
      ? Effect.fail(configError(`${name} must have ${keys}. Correct the variable.`))
      // unlike an assignment, this keeps a key of the name `__proto__`
      : Effect.succeed(Object.fromEntries(keys))
  })
