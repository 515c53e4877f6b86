/**
 * Keeps the armed faults, and finds the fault for a request.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import type * as IamError from "@sso-oidc/iam/IamError"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import type * as PortalError from "@sso-oidc/portal/PortalError"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import type * as Fault from "../../Fault.ts"
import * as Options from "./options.ts"
import * as Size from "./size.ts"

type Exception =
  | (SsoOidcError.ExceptionFields | PortalError.ExceptionFields) & { readonly _tag: string }
  | IamError.CredentialsError
  | IamError.ClockSkewed

/** The part of an operation that faults need. */
export interface Faultable extends Pick<Operation.Any, "exceptions" | "name" | "service"> {
  readonly exception: Operation.Operation<never, never, Exception>["exception"]
}

/** The exception of the fault, or `undefined` if the operation does not list it. */
export const exception = (operation: Faultable, fault: typeof Fault.Exception.Type): Exception | undefined => {
  const listed = operation.exceptions.find(({ type }) => type === fault.exception)
  if (listed === undefined) return undefined
  const description = fault.errorDescription ?? "A fault that was armed in the emulator"
  const texts: Readonly<Record<string, string | undefined>> = {
    error_description: description,
    // An exception of CreateTokenWithIAM without it is an error of the signature
    error: listed.error,
    // The portal's name for it
    message: description,
    reason: fault.reason
  }
  return operation.exception(listed.type, {
    common: { status: listed.status, ...(fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter }) },
    text: (member) => texts[member]
  })
}

// A test that arms more faults has probably a defect
const capacity = 1000

interface Armed {
  readonly fault: Fault.Fault
  readonly bytes: number
}

/** The fault with its duration as a `Duration`, or a sentence that says why it has none. */
const checked = (fault: Fault.Fault): Result.Result<Fault.Fault, string> => {
  if (fault._tag !== "Delay") return Result.succeed(fault)
  const duration = Options.durationOf(fault.duration)
  return duration === undefined || !Duration.between(duration, { minimum: Duration.zero, maximum: Options.longest })
    ? Result.fail(`duration must be from 0 to 24 days, not ${Options.shown(fault.duration)}`)
    : Result.succeed({ ...fault, duration })
}

const operations: ReadonlyArray<Faultable> = [
  ...SsoOidc.operations,
  CreateTokenWithIAM.operation,
  ...PortalClient.operations
]

export const make = (capacityBytes: number) => {
  let armed: ReadonlyArray<Armed> = []

  const fits = (fault: Fault.Fault, operation: Faultable): boolean =>
    (fault.operation === undefined || fault.operation === operation.name) &&
    (fault._tag !== "Exception" || exception(operation, fault) !== undefined)

  return {
    list: (): ReadonlyArray<Fault.Fault> => armed.map(({ fault }) => fault),
    /** Arms the fault, or says in a sentence why it cannot. */
    arm: (given: Fault.Fault): Result.Result<void, string> =>
      Result.flatMap(checked(given), (fault) => {
        if (armed.length >= capacity) return Result.fail(`${capacity} faults are armed already; clear them first`)
        if (!operations.some((operation) => fits(fault, operation))) {
          const { exception, operation = "an operation" } = fault._tag === "Exception" ? fault : { exception: "this" }
          return Result.fail(`the model does not list ${exception} for ${operation}`)
        }
        const bytes = Size.of(fault)
        if (armed.reduce((sum, other) => sum + other.bytes, bytes) > capacityBytes) {
          return Result.fail(`the armed faults would take more than ${capacityBytes} bytes`)
        }
        armed = [...armed, { fault, bytes }]
        return Result.succeed(undefined)
      }),
    /** Takes the first fault that matches a request of the operation. */
    take: (name: string): Fault.Fault | undefined => {
      if (armed.length === 0) return undefined
      const operation = operations.find((one) => one.name === name)
      const at = operation === undefined ? -1 : armed.findIndex(({ fault }) => fits(fault, operation))
      const taken = armed[at]
      if (taken === undefined) return undefined
      const times = (taken.fault.times ?? 1) - 1
      armed = armed.flatMap((other, n) =>
        n !== at ? [other] : times > 0 ? [{ ...other, fault: { ...other.fault, times } }] : []
      )
      return taken.fault
    },
    clear: (): void => {
      armed = []
    }
  }
}

export type Faults = ReturnType<typeof make>
