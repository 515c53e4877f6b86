/**
 * The faults that are armed, and which of them a request gets.
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Result from "effect/Result"
import type * as Fault from "../Fault.ts"
import * as Size from "./size.ts"

type Exception = SsoOidcError.ExceptionFields & { readonly _tag: string }

const operationOf = (name: string) => SsoOidc.operations.find((operation) => operation.name === name)

/** The exception that the fault stands for, where the operation has it. */
export const exception = (operation: string, fault: typeof Fault.Exception.Type): Exception | undefined => {
  const found = operationOf(operation)
  const listed = found?.exceptions.find(({ type }) => type === fault.exception)
  if (found === undefined || listed === undefined) return undefined
  const texts: Readonly<Record<string, string | undefined>> = {
    error_description: fault.errorDescription ?? "The emulator was told to answer this",
    reason: fault.reason
  }
  return found.exception(listed.type, {
    common: { status: listed.status, ...(fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter }) },
    text: (member) => texts[member]
  })
}

// A test that arms more of them has lost count
const capacity = 1000

interface Armed {
  readonly fault: Fault.Fault
  readonly bytes: number
}

export const make = (capacityBytes: number) => {
  let armed: ReadonlyArray<Armed> = []

  const fits = (fault: Fault.Fault, operation: string): boolean =>
    (fault.operation === undefined || fault.operation === operation) &&
    (fault._tag !== "Exception" || exception(operation, fault) !== undefined)

  return {
    list: (): ReadonlyArray<Fault.Fault> => armed.map(({ fault }) => fault),
    /** Keeps it, or says in one sentence why it never could be taken. */
    arm: (fault: Fault.Fault): Result.Result<void, string> => {
      if (armed.length >= capacity) return Result.fail(`${capacity} faults are armed already`)
      if (!SsoOidc.operations.some(({ name: operation }) => fits(fault, operation))) {
        const { exception, operation = "an operation" } = fault._tag === "Exception" ? fault : { exception: "this" }
        return Result.fail(`the model does not list ${exception} for ${operation}`)
      }
      const bytes = Size.of(fault)
      if (armed.reduce((sum, other) => sum + other.bytes, bytes) > capacityBytes) {
        return Result.fail(`the armed faults would take more than ${capacityBytes} bytes`)
      }
      armed = [...armed, { fault, bytes }]
      return Result.succeed(undefined)
    },
    /** The first that fits a request of the operation; it is armed one time less. */
    take: (operation: string): Fault.Fault | undefined => {
      const at = armed.findIndex(({ fault }) => fits(fault, operation))
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
