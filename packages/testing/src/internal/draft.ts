/**
 * A recording under construction. It holds what happened, with the secrets, and makes the text of the file.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type { TransportFailure } from "../Script.ts"
import * as Recording from "./recording.ts"
import type * as Request from "./request.ts"
import type * as Response from "./response.ts"
import { Scrubber } from "./scrub.ts"
import * as Secrets from "./secrets.ts"

/**
 * How a body ended: `"stopped"` if its reader wanted no more, `"stalled"` if its reader gave up waiting or failed.
 */
export type End = "whole" | "stopped" | "stalled" | { readonly cutOff: string }

/** The outcome of a request. */
export type Outcome =
  | { readonly _tag: "Failed"; readonly failure: TransportFailure }
  | { readonly _tag: "NoResponse" }
  | { readonly _tag: "Responded"; readonly head: Response.Head; readonly bytes: Uint8Array; readonly end: End }

type Told =
  | Exclude<Outcome, { readonly _tag: "Responded" }>
  | {
    readonly _tag: "Responded"
    readonly head: Response.Head
    readonly length: number
    readonly body: Request.Members | undefined
    readonly end: End
  }

/** One exchange. It has no outcome while its request is in flight. */
export interface Happened {
  readonly operation: Operation.Any
  readonly request: Request.Members
  told: Told | undefined
  /** The text in the file. It is `undefined` when there is a new outcome or a new secret. */
  text: string | undefined
}

export class Draft {
  readonly #all: Array<Happened> = []
  readonly #scrubber = new Scrubber()
  readonly #secret: ReturnType<typeof Secrets.together>
  #revision = 0

  constructor(operations: ReadonlyArray<Operation.Any>) {
    this.#secret = Secrets.together(operations)
  }

  /** The number of characters that were searched for secrets. It measures the work. */
  get scanned(): number {
    return this.#scrubber.scanned
  }

  /** Adds an exchange, in the order of the requests. */
  begin(operation: Operation.Any, request: Request.Members): Happened {
    const happened: Happened = { operation, request, told: undefined, text: undefined }
    this.#all.push(happened)
    this.#scrubber.learn(this.#secret.request, Secrets.of(operation).request.all, request)
    return happened
  }

  tell(happened: Happened, outcome: Outcome): void {
    happened.text = undefined
    if (outcome._tag !== "Responded") {
      happened.told = outcome
      return
    }
    const { bytes, end, head } = outcome
    const text = new TextDecoder().decode(bytes)
    const body = Wire.jsonObject(text)
    happened.told = { _tag: "Responded", head, length: bytes.length, body, end }
    // an error body may also have members of a success, with their secrets
    if (body === undefined) this.#scrubber.learnText(this.#secret.response, text)
    else this.#scrubber.learn(this.#secret.response, Secrets.of(happened.operation).response.all, body)
  }

  /**
   * The text of the file. It learns every secret of all exchanges before it writes the first text, because a secret may also
   * stand in an earlier text. After a new secret, it searches all texts for it again.
   */
  render(): string {
    const old = this.#revision === this.#scrubber.revision
    const exchanges = this.#all.flatMap((happened) => {
      if (happened.told === undefined) return []
      if (!old || happened.text === undefined) happened.text = this.#exchange(happened, happened.told)
      return [happened.text]
    })
    this.#revision = this.#scrubber.revision
    this.#scrubber.settle()
    return Recording.file(exchanges)
  }

  #exchange({ operation, request }: Happened, told: Told): string {
    const known = Secrets.of(operation)
    return Recording.indented({
      operation: operation.name,
      request: this.#scrubber.members(known.request.shape, request),
      ...outcomeOf(this.#scrubber, known.response.shape, told)
    })
  }
}

// -----------------------------------------------------------------------------
// rendering
// -----------------------------------------------------------------------------

const keptHeaders = [
  "content-type",
  "date",
  "retry-after",
  "x-amzn-errortype",
  "x-amzn-requestid",
  "x-amzn-request-id",
  "x-amz-request-id"
]

/** The members of an error body in every dialect. Those in `free` are texts for a person. */
const errorMembers = ["__type", "code", "endpoint", "error", "error_description", "reason", "region"]

const free = ["error_description", "reason", "endpoint"]

const isSuccess = (head: Response.Head): boolean => head.status === 200

const outcomeOf = (scrubber: Scrubber, shape: Secrets.Shape, told: Told): object => {
  switch (told._tag) {
    case "NoResponse":
      return { noResponse: true }
    case "Failed": {
      const { code, transient, sent, syscall } = told.failure
      return {
        failure: {
          sent,
          code: scrubber.text(code),
          transient,
          ...(syscall === undefined ? {} : { syscall: scrubber.text(syscall) })
        }
      }
    }
    case "Responded": {
      const { body, end, head, length } = told
      // if the reader stopped, what it read may be a whole object
      const isKnown = body !== undefined && (end === "whole" || end === "stopped")
      return {
        response: {
          status: head.status,
          headers: Object.fromEntries(keptHeaders.flatMap((name) => {
            const value = head.headers[name]
            return value === undefined ? [] : [[name, scrubber.text(value, true)]]
          })),
          ...(isKnown ? { body: isSuccess(head) ? scrubber.members(shape, body) : errorBody(scrubber, body) } : {}),
          ...(isKnown && end === "whole" ? {} : { bytes: length }),
          ...endOf(scrubber, end)
        }
      }
    }
  }
}

const endOf = (scrubber: Scrubber, end: End): object => {
  switch (end) {
    case "whole":
      return {}
    case "stopped":
      return { stopped: true }
    case "stalled":
      return { stalled: true }
    default:
      return { cutOff: scrubber.text(end.cutOff) }
  }
}

const errorBody = (scrubber: Scrubber, body: Request.Members): object =>
  Object.fromEntries(errorMembers.flatMap((key) => {
    const value = body[key]
    return typeof value === "string" ? [[key, scrubber.text(value, free.includes(key))]] : []
  }))
