/**
 * The emulator's options, checked.
 */
import * as Result from "effect/Result"

export interface Settings {
  readonly region: string
  readonly interval: number
  readonly expiresIn: number
  readonly autoApprove: number | undefined
  readonly capacity: number
  readonly capacityBytes: number
  readonly requestsPerSecond: number
}

interface Given {
  readonly region?: string | undefined
  readonly interval?: number | undefined
  readonly expiresIn?: number | undefined
  readonly autoApprove?: number | undefined
  readonly capacity?: number | undefined
  readonly capacityBytes?: number | undefined
  readonly requestsPerSecond?: number | undefined
}

const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 1

// A timer of 32 bits of milliseconds, as clients have, ends before 25 days
const isSeconds = (value: number): boolean => isWhole(value) && value <= 24 * 24 * 60 * 60

// The largest registration that a request can make fits
const leastBytes = 128 * 1024

/** The settings, or one sentence on what is wrong with the options. */
export const check = (given: Given): Result.Result<Settings, string> => {
  const {
    autoApprove,
    capacity = 10_000,
    capacityBytes = 32 * 1024 * 1024,
    expiresIn = 600,
    interval = 1,
    region = "emulator",
    requestsPerSecond = 500
  } = given
  if (!isSeconds(interval)) {
    return Result.fail(`interval must be a whole number of seconds from 1 to 24 days, not ${interval}`)
  }
  if (!isSeconds(expiresIn)) {
    return Result.fail(`expiresIn must be a whole number of seconds from 1 to 24 days, not ${expiresIn}`)
  }
  if (autoApprove !== undefined && !(Number.isFinite(autoApprove) && autoApprove >= 0)) {
    return Result.fail(`autoApprove must be a number of seconds, 0 or more, not ${autoApprove}`)
  }
  if (!isWhole(capacity)) return Result.fail(`capacity must be a whole number, 1 or more, not ${capacity}`)
  if (!(Number.isSafeInteger(capacityBytes) && capacityBytes >= leastBytes)) {
    return Result.fail(`capacityBytes must be a whole number, ${leastBytes} or more, not ${capacityBytes}`)
  }
  if (!isWhole(requestsPerSecond)) {
    return Result.fail(`requestsPerSecond must be a whole number, 1 or more, not ${requestsPerSecond}`)
  }
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(region)) {
    return Result.fail("region must be a host label in lower case, such as eu-west-1")
  }
  return Result.succeed({ autoApprove, capacity, capacityBytes, expiresIn, interval, region, requestsPerSecond })
}
