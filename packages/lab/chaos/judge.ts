/**
 * Judges what was seen in a run. It shares no code with the library or the emulator, and believes neither.
 */
import type { Answer, Blow, Cancel, Code, End, Kind, Poll, Seen, Service } from "./events.ts"

// -----------------------------------------------------------------------------
// limits
// -----------------------------------------------------------------------------

/**
 * How much earlier than the interval a poll may arrive, in milliseconds.
 *
 * The observer reads its clock before it sends a response, and after a request has arrived. Both make the time between the two longer, so the
 * observer itself calls no poll early. The client counts whole milliseconds, and Node's timers may fire one millisecond early. A login that
 * changes hands also goes from the monotonic clock to the wall clock, which may run apart by 0.05 %.
 */
export const tolerance = 5

/** What a `slow_down` adds to the interval, in milliseconds (RFC 8628 section 3.5). */
const slowDown = 5_000

/** How long a runner may take to store a response, in milliseconds. If it is struck in this time, the response may be lost. */
const storing = 2_000

/** How long after a freeze a request may arrive that was in flight when the freeze began, in milliseconds. */
const thawing = 1_000

/** How soon the logins of a killed runner are polled again, in milliseconds. */
export const rescue = 15_000

/** How long the engine leaves its work to a frozen runner, in milliseconds, and a moment more. */
const lock = 16_000

/**
 * How long a pending login may be without a poll, in milliseconds, less the time in which a frozen runner may hold its lock. Two blows may
 * strike one login: its runner, and then the runner that was to take it over. With 60 blows in ten minutes, 20.9 seconds were seen.
 */
export const longestWait = 25_000

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** The laws of a run, in the order of its report. */
export const laws = [
  "ends",
  "early",
  "double",
  "tokens",
  "late",
  "pending",
  "rescue",
  "stall",
  "outcomes",
  "failures"
] as const

export type Law = (typeof laws)[number] | "secrets"

export interface Violation {
  readonly law: Law
  readonly login?: number
  readonly what: string
}

/** For a login whose runner was struck: when, and how long until the next poll. */
export interface Sample {
  readonly login: number
  readonly runner: string
  readonly at: number
  readonly millis: number
}

export interface Judgement {
  readonly violations: ReadonlyArray<Violation>
  /** How many logins ended in each way. */
  readonly ends: Readonly<Record<string, number>>
  /** Logins that say a token may be lost, although none was issued. A take-over near the deadline makes them. */
  readonly falseAlarms: number
  /** Polls of a frozen runner that were in flight when it froze. */
  readonly excused: { readonly early: number; readonly double: number; readonly late: number }
  readonly answers: Readonly<Record<Answer, number>>
  /** The time to the next poll: after a SIGKILL and a SIGSTOP from the blow, after a SIGTERM from the leaver's last poll. */
  readonly samples: Readonly<Record<Kind, ReadonlyArray<Sample>>>
  /** Those of killed runners that another blow delayed. They are not held to the limit. */
  readonly beside: ReadonlyArray<Sample>
  /** The longest time that a pending login was without a poll, less the time in which a frozen runner may hold its lock. */
  readonly longestWait: number
  /** How long after `cancel` the last poll arrived, in milliseconds. 0 if none did. */
  readonly afterCancel: number
  /** The shortest time between a response and the next poll, less the interval in force. */
  readonly leastSpare: number
  readonly tokens: { readonly issued: number; readonly stored: number; readonly lost: number; readonly dropped: number }
  readonly writes: Readonly<Record<WriteKind, number>>
}

export type WriteKind = "start" | "take-over" | "continue" | "release" | "same holder" | "outcome" | "other"

// -----------------------------------------------------------------------------
// helpers
// -----------------------------------------------------------------------------

const grouped = <A extends { readonly login?: number }>(
  all: ReadonlyArray<A>
): ReadonlyMap<number, ReadonlyArray<A>> => {
  const groups = new Map<number, Array<A>>()
  for (const one of all) {
    if (one.login === undefined) continue
    const group = groups.get(one.login)
    if (group === undefined) groups.set(one.login, [one])
    else group.push(one)
  }
  return groups
}

const one = <A extends { readonly login: number }>(all: ReadonlyArray<A>): ReadonlyMap<number, A> =>
  new Map(all.map((item) => [item.login, item]))

const finals: ReadonlySet<Answer> = new Set<Answer>(["token", "denied", "expired", "invalid_grant"])

const seconds = (millis: number): string => `${(millis / 1000).toFixed(2)} s`

/** Whether the poll's runner was killed or frozen before it can have stored the response. */
const isStruck = (poll: Poll, blows: ReadonlyArray<Blow>): boolean =>
  blows.some((blow) =>
    blow.kind !== "SIGTERM" && blow.runner === poll.runner && blow.at <= poll.endedAt + storing &&
    poll.arrivedAt <= blow.until + thawing
  )

/** Whether the runner got the response, and had the time to store it. */
const isKept = (poll: Poll, blows: ReadonlyArray<Blow>): boolean => poll.isGiven && !isStruck(poll, blows)

/** Whether the poll may have been in flight when its runner froze. */
const isThawing = (poll: Poll, blows: ReadonlyArray<Blow>): boolean =>
  blows.some((blow) =>
    blow.kind === "SIGSTOP" && blow.runner === poll.runner && blow.until <= poll.arrivedAt &&
    poll.arrivedAt <= blow.until + thawing
  )

/**
 * Whether a poll is early only after the response to a request that a thawing runner had in flight while this poll's runner took the login
 * over. The law then asks for an interval from the take-over, and so from the sending of that request.
 */
const isUnseen = (poll: Poll, ended: ReadonlyArray<Poll>, freeze: Blow, interval: number): boolean => {
  const last = ended.toSorted((a, b) => a.endedAt - b.endedAt).at(-1)
  return last !== undefined && last.runner !== poll.runner && isThawing(last, [freeze]) &&
    poll.arrivedAt - last.arrivedAt >= interval - tolerance
}

const isToldAsLost = (end: End): boolean =>
  end.state === "failed" &&
  (end.error === "TokenPossiblyLost" || (end.error === "DeviceCodeExpired" && end.responseLost === true))

const endOf = (end: End): string =>
  end.error === undefined ? end.state : `${end.error}${end.responseLost === true ? " (a response was lost)" : ""}`

// -----------------------------------------------------------------------------
// the end of each login
// -----------------------------------------------------------------------------

/** Why this is not the end that the login must have. `undefined` if it is. */
const wrongEnd = (
  end: End,
  service: Service | undefined,
  isCancelled: boolean,
  polls: ReadonlyArray<Poll>,
  blows: ReadonlyArray<Blow>
): string | undefined => {
  if (isCancelled) return end.state === "cancelled" ? undefined : `it was cancelled, and its row says ${endOf(end)}`
  if (service === undefined) return `the emulator has no code of it, and its row says ${endOf(end)}`
  if (service.isUsed) {
    const told = polls.find(({ answer }) => answer === "token")
    if (end.state === "approved") {
      return told?.token === end.token ? undefined : "the token in its row is not the one that the observer saw"
    }
    if (!isToldAsLost(end)) return `a token was issued, and its row says ${endOf(end)}`
    if (told === undefined) return `a token was issued past the observer, and its row says ${endOf(end)}`
    return isStruck(told, blows)
      ? undefined
      : `its row says ${endOf(end)}, but ${told.runner} got the token at ${seconds(told.endedAt)} and was not struck`
  }
  if (service.decision === "denied") {
    return end.error === "AccessDeniedException" ? undefined : `it was denied, and its row says ${endOf(end)}`
  }
  if (end.error === "DeviceCodeExpired") {
    return service.decision === "approved" ? "it was approved, and expired before a poll got its token" : undefined
  }
  return `its code expired, and its row says ${endOf(end)}`
}

// -----------------------------------------------------------------------------
// early and double polls
// -----------------------------------------------------------------------------

interface Pace {
  readonly violations: ReadonlyArray<Violation>
  readonly excused: { readonly early: number; readonly double: number }
  readonly leastSpare: number
}

const paceOf = (
  codes: ReadonlyMap<number, Code>,
  polls: ReadonlyMap<number, ReadonlyArray<Poll>>,
  blows: ReadonlyArray<Blow>
): Pace => {
  const violations: Array<Violation> = []
  const excused = { early: 0, double: 0 }
  const used = new Set<Blow>()
  let leastSpare = Infinity
  // One poll is excused for each freeze. It is the first one, of whichever login.
  const all = [...polls].flatMap(([login, ofLogin]) => ofLogin.map((poll) => ({ login, poll })))
    .toSorted((a, b) => a.poll.arrivedAt - b.poll.arrivedAt)
  const before = new Map<number, Array<Poll>>()
  for (const { login, poll } of all) {
    const code = codes.get(login)
    if (code === undefined) continue
    const earlier = before.get(login) ?? []
    before.set(login, earlier)
    const other = earlier.find((one) => poll.arrivedAt < one.endedAt)
    const ended = earlier.filter((one) => one.endedAt <= poll.arrivedAt)
    const last = Math.max(code.at, ...ended.map(({ endedAt }) => endedAt))
    const slow = ended.filter((one) => one.answer === "slow_down" && isKept(one, blows)).length
    const interval = code.interval + slow * slowDown
    const spare = poll.arrivedAt - last - interval
    const isEarly = spare < -tolerance
    if (other !== undefined || isEarly) {
      const freeze = blows.find((blow) =>
        !used.has(blow) && (isThawing(poll, [blow]) || other === undefined && isUnseen(poll, ended, blow, interval))
      )
      if (freeze !== undefined) {
        used.add(freeze)
        excused[other === undefined ? "early" : "double"]++
        // another runner cannot know of it, so the next poll is not measured from it
        continue
      }
      violations.push(
        other === undefined
          ? {
            law: "early",
            login,
            what: `${poll.runner} polled at ${seconds(poll.arrivedAt)}, ${
              (-spare).toFixed(1)
            } ms before the interval of ${seconds(interval)} was over`
          }
          : {
            law: "double",
            login,
            what: `${poll.runner} polled at ${seconds(poll.arrivedAt)}, while the poll of ${other.runner} from ${
              seconds(other.arrivedAt)
            } was in flight until ${seconds(other.endedAt)}`
          }
      )
    }
    if (other === undefined) leastSpare = Math.min(leastSpare, spare)
    earlier.push(poll)
  }
  return { violations, excused, leastSpare }
}

// -----------------------------------------------------------------------------
// after a blow
// -----------------------------------------------------------------------------

/** The logins that the runner polled last before the blow, and that had not ended. */
const victimsOf = (
  blow: Blow,
  codes: ReadonlyMap<number, Code>,
  polls: ReadonlyMap<number, ReadonlyArray<Poll>>,
  cancels: ReadonlyMap<number, Cancel>
) =>
  [...polls].flatMap(([login, all]) => {
    const code = codes.get(login)
    const before = all.filter(({ arrivedAt }) => arrivedAt < blow.at)
    const cancelledAt = cancels.get(login)?.at ?? Infinity
    const isOver = code === undefined || cancelledAt <= blow.at || code.at + code.life <= blow.at ||
      before.some((poll) => finals.has(poll.answer) && poll.isGiven)
    return isOver || before.at(-1)?.runner !== blow.runner
      ? []
      : [{
        login,
        endsAt: Math.min(cancelledAt, code.at + code.life),
        // a frozen runner may itself be the next to poll
        after: all.filter((poll) =>
          poll.arrivedAt >= blow.at && (poll.runner !== blow.runner || blow.kind === "SIGSTOP")
        ),
        own: all.filter((poll) => poll.runner === blow.runner && poll.arrivedAt < blow.until)
      }]
  })

/** How long after a thaw, or a blow, the runners may still be busy with it, in milliseconds. */
const aftermath = 3_000

/** Whether another blow may have delayed what came at this time after the blow. */
const isBeside = (blow: Blow, blows: ReadonlyArray<Blow>, at: number): boolean =>
  blows.some((other) =>
    other !== blow && other.at < Math.min(at, blow.at + rescue) &&
    (other.kind === "SIGSTOP" ? other.until : other.at) > blow.at - aftermath
  )

// -----------------------------------------------------------------------------
// waits
// -----------------------------------------------------------------------------

interface Wait {
  readonly from: number
  readonly to: number
  /** The time in which no frozen runner may have held the lock. */
  readonly millis: number
}

/** The time from here to there in which no runner was frozen and may have held its lock. */
const millisBetween = (from: number, to: number, blows: ReadonlyArray<Blow>): number => {
  let at = from
  let millis = 0
  const freezes = blows.filter(({ kind }) => kind === "SIGSTOP").toSorted((a, b) => a.at - b.at)
  for (const freeze of freezes) {
    const until = Math.min(freeze.until, freeze.at + lock)
    if (until <= at || freeze.at >= to) continue
    millis += Math.max(0, freeze.at - at)
    at = until
  }
  return millis + Math.max(0, to - at)
}

/** The waits of a login, from its code to its last poll, and from there to its end or its deadline. */
const waitsOf = (
  code: Code,
  polls: ReadonlyArray<Poll>,
  cancel: Cancel | undefined,
  blows: ReadonlyArray<Blow>
): ReadonlyArray<Wait> => {
  const isOver = polls.some((poll) => finals.has(poll.answer) && poll.isGiven)
  const last = isOver ? [] : [Math.min(code.at + code.life, cancel?.at ?? Infinity)]
  const times = [code.at, ...polls.map(({ arrivedAt }) => arrivedAt), ...last]
  return times.slice(1).map((to, n) => {
    const from = times[n] ?? to
    return { from, to, millis: millisBetween(from, to, blows) }
  })
}

// -----------------------------------------------------------------------------
// writes
// -----------------------------------------------------------------------------

const kindOf = ({ holder, holderBefore, state, stateBefore }: Seen["writes"][number]): WriteKind => {
  if (stateBefore === undefined) return "start"
  if (state !== stateBefore) return "outcome"
  if (state !== "pending") return "other"
  if (holder === undefined) return "release"
  return holderBefore === undefined ? "continue" : holder === holderBefore ? "same holder" : "take-over"
}

// -----------------------------------------------------------------------------
// judgement
// -----------------------------------------------------------------------------

/** Finds every violation in what was seen. */
export const judge = (seen: Seen): Judgement => {
  const { blows } = seen
  const violations: Array<Violation> = []
  const codes = one(seen.codes)
  const services = one(seen.services)
  const ends = one(seen.ends)
  const cancels = one(seen.cancels)
  const polls = grouped(seen.polls.toSorted((a, b) => a.arrivedAt - b.arrivedAt))
  const pollsOf = (login: number) => polls.get(login) ?? []

  const counts: Record<string, number> = {}
  let falseAlarms = 0
  for (let login = 0; login < seen.logins; login++) {
    const end = ends.get(login) ?? { login, state: "unknown" }
    counts[endOf(end)] = (counts[endOf(end)] ?? 0) + 1
    if (isToldAsLost(end) && services.get(login)?.isUsed !== true) falseAlarms++
    const what = wrongEnd(end, services.get(login), cancels.has(login), pollsOf(login), blows)
    if (what !== undefined) violations.push({ law: "ends", login, what })
  }

  const pace = paceOf(codes, polls, blows)
  violations.push(...pace.violations)
  for (const poll of seen.polls) {
    if (poll.login !== undefined) continue
    violations.push({
      law: "early",
      what: `${poll.runner} polled at ${seconds(poll.arrivedAt)} with a code that no start gave out`
    })
  }

  // tokens
  const stored = new Map(seen.ends.flatMap((end) => end.token === undefined ? [] : [[end.token, end.login]]))
  const relayed = new Map(seen.polls.flatMap((poll) => poll.token === undefined ? [] : [[poll.token, poll.login]]))
  const tokens = { issued: seen.issued.length, stored: 0, lost: 0, dropped: 0 }
  for (const token of seen.issued) {
    const login = relayed.get(token)
    const end = login === undefined ? undefined : ends.get(login)
    if (stored.has(token)) tokens.stored++
    else if (end === undefined || login === undefined) {
      violations.push({ law: "tokens", what: "a token was issued that the observer did not see" })
    } else if (cancels.has(login)) tokens.dropped++
    else if (isToldAsLost(end)) tokens.lost++
    else {violations.push({
        law: "tokens",
        login,
        what: `a token was issued. It is not in the row, which says ${endOf(end)}`
      })}
  }
  const issued = new Set(seen.issued)
  for (const [token, login] of stored) {
    if (!issued.has(token)) {
      violations.push({ law: "tokens", login, what: "its row has a token that the emulator did not issue" })
    }
  }

  // polls after the outcome
  let afterCancel = 0
  let excusedLate = 0
  for (const [login, all] of polls) {
    const final = all.find((poll) => finals.has(poll.answer) && isKept(poll, blows))
    const late = final === undefined ? undefined : all.find((poll) => poll.arrivedAt > final.endedAt + storing)
    if (final !== undefined && late !== undefined && isThawing(late, blows)) excusedLate++
    else if (final !== undefined && late !== undefined) {
      violations.push({
        law: "late",
        login,
        what: `${late.runner} polled at ${seconds(late.arrivedAt)}, after ${final.runner} got ${final.answer} at ${
          seconds(final.endedAt)
        }`
      })
    }
    const cancel = cancels.get(login)
    if (cancel !== undefined) afterCancel = Math.max(afterCancel, ...all.map(({ arrivedAt }) => arrivedAt - cancel.at))
  }

  if (seen.pendingRows > 0) violations.push({ law: "pending", what: `${seen.pendingRows} rows are pending` })

  // after a blow
  const samples: Record<Kind, Array<Sample>> = { SIGKILL: [], SIGSTOP: [], SIGTERM: [] }
  const beside: Array<Sample> = []
  for (const blow of blows) {
    for (const { after, endsAt, login, own } of victimsOf(blow, codes, polls, cancels)) {
      const [next] = after
      const others = isBeside(blow, blows, next?.arrivedAt ?? Infinity)
      const sample = (millis: number): Sample => ({ login, runner: blow.runner, at: blow.at, millis })
      if (blow.kind === "SIGTERM") {
        const last = own.at(-1)
        const following = last === undefined ? undefined : after.find(({ arrivedAt }) => arrivedAt > last.arrivedAt)
        if (last !== undefined && following !== undefined) {
          samples.SIGTERM.push(sample(following.arrivedAt - last.arrivedAt))
        }
        continue
      }
      if (next !== undefined) {
        const found = sample(next.arrivedAt - blow.at)
        if (blow.kind === "SIGKILL" && others) beside.push(found)
        else samples[blow.kind].push(found)
      }
      if (blow.kind !== "SIGKILL" || others || endsAt <= blow.at + rescue) continue
      const millis = next === undefined ? Infinity : next.arrivedAt - blow.at
      if (millis <= rescue) continue
      violations.push({
        law: "rescue",
        login,
        what: next === undefined
          ? `nothing polled for it after ${blow.runner} was killed at ${seconds(blow.at)}`
          : `${next.runner} polled for it ${seconds(millis)} after ${blow.runner} was killed at ${seconds(blow.at)}`
      })
    }
  }

  let longest = 0
  for (const code of seen.codes) {
    for (const { from, millis, to } of waitsOf(code, pollsOf(code.login), cancels.get(code.login), blows)) {
      longest = Math.max(longest, millis)
      if (millis <= longestWait) continue
      violations.push({
        law: "stall",
        login: code.login,
        what: `nothing polled for it from ${seconds(from)} to ${seconds(to)}`
      })
    }
  }

  // outcomes
  const writes: Record<WriteKind, number> = {
    start: 0,
    "take-over": 0,
    continue: 0,
    release: 0,
    "same holder": 0,
    outcome: 0,
    other: 0
  }
  for (const write of seen.writes) {
    const kind = kindOf(write)
    writes[kind]++
    const isOutcome = write.stateBefore !== undefined && write.stateBefore !== "pending" &&
      write.state !== write.stateBefore
    if (isOutcome && !(write.stateBefore === "lost" && write.state === "approved")) {
      violations.push({
        law: "outcomes",
        what: `the row of ${write.id} said ${write.stateBefore}, and then ${write.state}`
      })
    }
  }

  for (const what of seen.failures) violations.push({ law: "failures", what })

  const answers: Record<Answer, number> = {
    pending: 0,
    slow_down: 0,
    token: 0,
    denied: 0,
    expired: 0,
    invalid_grant: 0,
    broken: 0
  }
  for (const { answer } of seen.polls) answers[answer]++

  return {
    violations,
    ends: counts,
    falseAlarms,
    excused: { ...pace.excused, late: excusedLate },
    answers,
    samples,
    beside,
    longestWait: longest,
    afterCancel,
    leastSpare: pace.leastSpare,
    tokens,
    writes
  }
}
