import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import type { Blow, Code, End, Poll, Seen, Service } from "../chaos/events.ts"
import * as Judge from "../chaos/judge.ts"
import * as Plan from "../chaos/plan.ts"
import * as Report from "../chaos/report.ts"
import * as Secrets from "../chaos/secrets.ts"

// -----------------------------------------------------------------------------
// what was seen
// -----------------------------------------------------------------------------

const code = (login: number): Code => ({ login, at: 0, interval: 2_000, life: 60_000 })

const poll = (change: Partial<Poll> = {}): Poll => {
  const { arrivedAt = 2_000 } = change
  return { login: 0, runner: "1.1", arrivedAt, endedAt: arrivedAt + 100, answer: "pending", isGiven: true, ...change }
}

const blow = (change: Partial<Blow> = {}): Blow => ({
  kind: "SIGKILL",
  runner: "1.1",
  at: 10_000,
  until: 10_001,
  ...change
})

const approved: Service = { login: 0, decision: "approved", isUsed: true }

/** Polls of a pending login at each interval. */
const steady = (from: number, to: number): ReadonlyArray<Poll> =>
  Array.from({ length: Math.floor((to - from) / 3_000) + 1 }, (_, n) => poll({ arrivedAt: from + n * 3_000 }))

const seen = (change: Partial<Seen> = {}): Seen => ({
  logins: 1,
  codes: [code(0)],
  polls: [poll(), poll({ arrivedAt: 4_100, answer: "token", token: "t" })],
  blows: [],
  cancels: [],
  services: [approved],
  issued: ["t"],
  ends: [{ login: 0, state: "approved", token: "t" }],
  writes: [],
  pendingRows: 0,
  failures: [],
  ...change
})

/** The laws that are violated, each as often as it is. */
const broken = (change: Partial<Seen>): ReadonlyArray<string> =>
  Judge.judge(seen(change)).violations.map(({ law }) => law)

/** A login that ended so, without a token in any response. */
const unused = (end: Omit<End, "login">, service: Partial<Service> = {}): Partial<Seen> => ({
  polls: steady(2_000, 59_000),
  services: [{ login: 0, isUsed: false, ...service }],
  issued: [],
  ends: [{ login: 0, ...end }]
})

// -----------------------------------------------------------------------------
// the judge
// -----------------------------------------------------------------------------

describe("the judge of a run", () => {
  it("finds nothing in a clean run", () => {
    assert.deepStrictEqual(broken({}), [])
    assert.deepStrictEqual(broken(unused({ state: "failed", error: "DeviceCodeExpired", responseLost: false })), [])
    assert.deepStrictEqual(
      broken(unused({ state: "failed", error: "AccessDeniedException" }, { decision: "denied" })),
      []
    )
    assert.deepStrictEqual(broken({ ...unused({ state: "cancelled" }), cancels: [{ login: 0, at: 3_000 }] }), [])
  })

  it("finds a login that ended otherwise than the emulator says", () => {
    const expired = { state: "failed", error: "DeviceCodeExpired", responseLost: false } as const
    for (
      const change of [
        unused({ state: "unknown" }),
        unused({ state: "approved", token: "t" }),
        unused({ state: "failed", error: "TokenPossiblyLost" }),
        unused(expired, { decision: "approved" }),
        unused(expired, { decision: "denied" }),
        unused({ state: "failed", error: "AccessDeniedException" }),
        { ...unused(expired), cancels: [{ login: 0, at: 3_000 }] },
        { ...unused(expired), services: [] }
      ]
    ) assert.include(broken(change), "ends", JSON.stringify(change))
  })

  it("finds an early poll, the first one included, and permits the error of its clocks (W3)", () => {
    const polls = (arrivedAt: number) => [poll(), poll({ arrivedAt, answer: "token", token: "t" })]
    assert.deepStrictEqual(broken({ polls: polls(4_100 - Judge.tolerance) }), [])
    assert.deepStrictEqual(broken({ polls: polls(4_099 - Judge.tolerance) }), ["early"])
    assert.deepStrictEqual(broken({ polls: [poll({ arrivedAt: 1_990, answer: "token", token: "t" })] }), ["early"])
  })

  it("measures from the close of a connection that got no response (W3)", () => {
    const dead = poll({ endedAt: 2_050, isGiven: false })
    assert.deepStrictEqual(broken({ polls: [dead, poll({ arrivedAt: 4_050, answer: "token", token: "t" })] }), [])
    assert.deepStrictEqual(broken({ polls: [dead, poll({ arrivedAt: 4_040, answer: "token", token: "t" })] }), [
      "early"
    ])
  })

  it("counts a slow_down that a runner got, and none that was lost with its runner (W3)", () => {
    const slow = poll({ answer: "slow_down" })
    const token = (arrivedAt: number, runner = "1.1") => poll({ arrivedAt, runner, answer: "token", token: "t" })
    assert.deepStrictEqual(broken({ polls: [slow, token(9_000)] }), ["early"])
    assert.deepStrictEqual(broken({ polls: [slow, token(9_100)] }), [])
    assert.deepStrictEqual(
      broken({ polls: [slow, token(8_000, "2.2")], blows: [blow({ at: 2_150, until: 2_151 })] }),
      []
    )
  })

  it("finds a second poll while one is in flight (W3)", () => {
    const polls = [
      poll({ endedAt: 2_200 }),
      poll({ arrivedAt: 2_150, runner: "2.2" }),
      poll({ arrivedAt: 4_250, answer: "token", token: "t" })
    ]
    assert.deepStrictEqual(broken({ polls }), ["double"])
  })

  it("finds a poll with a code that no start gave out", () => {
    const { login: _, ...foreign } = poll()
    assert.deepStrictEqual(broken({ polls: [...seen().polls, foreign] }), ["early"])
  })

  it("excuses a poll one interval after a take-over, while a thawing runner waited for its response (W3, W5)", () => {
    const freeze = blow({ kind: "SIGSTOP", at: 5_000, until: 25_000 })
    const thawing = poll({ arrivedAt: 25_300, endedAt: 25_450 })
    const next = (arrivedAt: number, runner = "2.2") => poll({ arrivedAt, runner, answer: "token", token: "t" })
    const judged = Judge.judge(seen({ polls: [poll(), thawing, next(27_350)], blows: [freeze] }))
    assert.deepStrictEqual(judged.violations, [])
    assert.deepStrictEqual(judged.excused, { early: 1, double: 0, late: 0 })
    // not less than an interval after the request, not of the same runner, and not without a freeze
    assert.deepStrictEqual(broken({ polls: [poll(), thawing, next(27_290)], blows: [freeze] }), ["early"])
    assert.deepStrictEqual(broken({ polls: [poll(), thawing, next(27_350, "1.1")], blows: [freeze] }), ["early"])
    assert.deepStrictEqual(broken({ polls: [poll(), thawing, next(27_350)] }), ["early"])
  })

  it("excuses one request of a frozen runner that was in flight, and counts it apart (W5)", () => {
    const freeze = blow({ kind: "SIGSTOP", at: 5_000, until: 25_000 })
    const after = (arrivedAt: number, change: Partial<Poll> = {}) => poll({ arrivedAt, runner: "2.2", ...change })
    const zombie = poll({ arrivedAt: 25_300 })
    const token = after(28_000, { answer: "token", token: "t" })
    const judged = Judge.judge(
      seen({ polls: [poll(), after(25_000, { endedAt: 25_400 }), zombie, token], blows: [freeze] })
    )
    assert.deepStrictEqual(judged.violations, [])
    assert.deepStrictEqual(judged.excused, { early: 0, double: 1, late: 0 })
    // a second one, a later one, and one of another runner are not excused
    const twice = [poll(), after(25_000), zombie, poll({ arrivedAt: 25_700 }), token]
    assert.deepStrictEqual(broken({ polls: twice, blows: [freeze] }), ["early"])
    assert.deepStrictEqual(
      broken({ polls: [poll(), after(25_500), poll({ arrivedAt: 26_100 }), token], blows: [freeze] }),
      ["early", "early"]
    )
    assert.deepStrictEqual(broken({ polls: [poll(), after(25_000), after(25_300), token], blows: [freeze] }), ["early"])
  })

  it("finds a token that is neither in its row nor told as lost (W6)", () => {
    assert.deepStrictEqual(broken({ ends: [{ login: 0, state: "failed", error: "InvalidGrantException" }] }), [
      "ends",
      "tokens"
    ])
    assert.deepStrictEqual(
      broken({ ends: [{ login: 0, state: "failed", error: "DeviceCodeExpired", responseLost: false }] }),
      ["ends", "tokens"]
    )
    assert.deepStrictEqual(broken({ issued: ["t", "u"] }), ["tokens"])
    assert.deepStrictEqual(broken({ ends: [{ login: 0, state: "approved", token: "x" }] }), [
      "ends",
      "tokens",
      "tokens"
    ])
  })

  it("accepts a token that is told as lost only if its runner was killed or frozen just then (W6, W7)", () => {
    const ends: ReadonlyArray<End> = [{ login: 0, state: "failed", error: "TokenPossiblyLost" }]
    const struck = (change: Partial<Blow>) =>
      broken({ ends, blows: [blow({ at: 4_150, until: 4_151, ...change })], codes: [{ ...code(0), life: 10_000 }] })
    assert.deepStrictEqual(struck({}), [])
    assert.deepStrictEqual(struck({ kind: "SIGSTOP", until: 20_000 }), [])
    assert.deepStrictEqual(struck({ kind: "SIGTERM" }), ["ends"])
    assert.deepStrictEqual(struck({ runner: "2.2" }), ["ends"])
    assert.deepStrictEqual(struck({ at: 9_000, until: 9_001 }), ["ends"])
    const lost: ReadonlyArray<End> = [{ login: 0, state: "failed", error: "DeviceCodeExpired", responseLost: true }]
    assert.deepStrictEqual(
      broken({ ends: lost, blows: [blow({ at: 4_150, until: 4_151 })], codes: [{ ...code(0), life: 10_000 }] }),
      []
    )
  })

  it("permits that cancel drops a token, and that nothing polls after it", () => {
    const cancelled = { cancels: [{ login: 0, at: 4_000 }], ends: [{ login: 0, state: "cancelled" }] } as const
    assert.deepStrictEqual(broken(cancelled), [])
    assert.strictEqual(Judge.judge(seen(cancelled)).tokens.dropped, 1)
  })

  it("finds a poll after the outcome", () => {
    assert.deepStrictEqual(broken({ polls: [...seen().polls, poll({ arrivedAt: 9_000, answer: "invalid_grant" })] }), [
      "late"
    ])
  })

  it("finds a login that is not polled within 15 seconds of a SIGKILL (W3)", () => {
    const polls = (arrivedAt: number) => [
      poll({ arrivedAt: 9_000 }),
      poll({ arrivedAt, runner: "2.2", answer: "token", token: "t" })
    ]
    const blows = [blow()]
    const judged = Judge.judge(seen({ polls: polls(25_000), blows }))
    assert.deepStrictEqual(judged.violations, [])
    assert.deepStrictEqual(judged.samples.SIGKILL.map(({ millis }) => millis), [15_000])
    assert.deepStrictEqual(broken({ polls: polls(25_001), blows }), ["rescue"])
    const never = {
      ...unused({ state: "failed", error: "DeviceCodeExpired", responseLost: true }),
      polls: [poll({ arrivedAt: 9_000 })],
      blows
    }
    assert.deepStrictEqual(broken(never), ["rescue", "stall"])
    // its code expires before
    assert.deepStrictEqual(broken({ ...never, codes: [{ ...code(0), life: 20_000 }] }), [])
    // another runner was frozen just then
    const frozen = blow({ kind: "SIGSTOP", runner: "2.2", at: 11_000, until: 28_000 })
    const beside = Judge.judge(seen({ polls: polls(28_500), blows: [...blows, frozen] }))
    assert.deepStrictEqual(beside.violations, [])
    assert.deepStrictEqual(beside.beside.map(({ millis }) => millis), [18_500])
  })

  it("finds a login that nothing polls for, and forgives the lock of a frozen runner (W2)", () => {
    const expired = unused({ state: "failed", error: "DeviceCodeExpired", responseLost: false })
    const stalls = (polls: ReadonlyArray<Poll>, blows: ReadonlyArray<Blow> = []) => broken({ ...expired, polls, blows })
    const gap = (to: number) => [...steady(2_000, 14_000), ...steady(to, 59_000)]
    assert.deepStrictEqual(stalls(gap(39_000)), [])
    assert.deepStrictEqual(stalls(gap(39_001)), ["stall"])
    assert.deepStrictEqual(stalls(steady(25_001, 59_000)), ["stall"])
    assert.deepStrictEqual(stalls(steady(2_000, 33_000)), ["stall"])
    const freeze = blow({ kind: "SIGSTOP", runner: "2.2", at: 15_000, until: 50_000 })
    assert.deepStrictEqual(stalls(gap(55_000), [freeze]), [])
    assert.deepStrictEqual(stalls(gap(55_001), [freeze]), ["stall"])
    // two frozen at once do not count twice
    assert.deepStrictEqual(stalls(gap(55_001), [freeze, { ...freeze, runner: "3.3" }]), ["stall"])
    assert.deepStrictEqual(stalls(gap(57_000), [freeze, { ...freeze, runner: "3.3", at: 17_000 }]), [])
  })

  it("measures a hand-over after SIGTERM from the leaver's last poll to the next one (W7)", () => {
    const leaver = blow({ kind: "SIGTERM", at: 10_000, until: 12_000 })
    const judged = Judge.judge(seen({
      polls: [
        poll({ arrivedAt: 8_000 }),
        poll({ arrivedAt: 10_150 }),
        poll({ arrivedAt: 13_150, runner: "2.2", answer: "token", token: "t" })
      ],
      blows: [leaver]
    }))
    assert.deepStrictEqual(judged.violations, [])
    assert.deepStrictEqual(judged.samples.SIGTERM.map(({ millis }) => millis), [3_000])
  })

  it("finds rows that are pending at the end, outcomes that replaced another, and what failed by itself", () => {
    assert.deepStrictEqual(broken({ pendingRows: 1 }), ["pending"])
    assert.deepStrictEqual(broken({ failures: ["a runner ended"] }), ["failures"])
    const write = (stateBefore: string, state: string) => ({ writes: [{ id: "chaos-0", at: 1, stateBefore, state }] })
    assert.deepStrictEqual(broken(write("failed", "approved")), ["outcomes"])
    assert.deepStrictEqual(broken(write("approved", "lost")), ["outcomes"])
    assert.deepStrictEqual(broken(write("lost", "approved")), [])
    assert.deepStrictEqual(broken(write("approved", "approved")), [])
  })

  it("tells the kinds of writes apart", () => {
    const { writes } = Judge.judge(seen({
      writes: [
        { id: "a", at: 1, state: "pending" },
        { id: "a", at: 2, stateBefore: "pending", state: "pending", holder: "x" },
        { id: "a", at: 3, stateBefore: "pending", state: "pending", holderBefore: "x", holder: "y" },
        { id: "a", at: 4, stateBefore: "pending", state: "pending", holderBefore: "y", holder: "y" },
        { id: "a", at: 5, stateBefore: "pending", state: "pending", holderBefore: "y" },
        { id: "a", at: 6, stateBefore: "pending", state: "approved" },
        { id: "a", at: 7, stateBefore: "approved", state: "approved" }
      ]
    }))
    assert.deepStrictEqual(writes, {
      start: 1,
      continue: 1,
      "take-over": 1,
      "same holder": 1,
      release: 1,
      outcome: 1,
      other: 1
    })
  })

  it.prop(
    "accepts polls that keep the interval, and finds each poll before its time (W3)",
    [
      Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: -1_900, maximum: 1_900 }))).check(
        Schema.isMaxLength(20)
      )
    ],
    ([spares]) => {
      let last = 0
      const polls = spares.map((spare) => {
        const arrivedAt = last + 2_000 + spare
        last = arrivedAt + 50
        return poll({ arrivedAt, endedAt: last })
      })
      const expired = unused({ state: "failed", error: "DeviceCodeExpired", responseLost: false })
      const laws = broken({ ...expired, polls }).filter((law) => law !== "stall")
      assert.deepStrictEqual(laws, spares.filter((spare) => spare < -Judge.tolerance).map(() => "early"))
    }
  )

  it.prop(
    "does not depend on the order in which it is told of polls",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60_000 }))).check(Schema.isMaxLength(20))],
    ([times]) => {
      // two polls of one moment have no order
      const polls = [...new Set(times)].map((arrivedAt, n) => poll({ arrivedAt, runner: `${n % 2}` }))
      const judged = (polls: ReadonlyArray<Poll>) => Judge.judge(seen({ polls }))
      assert.deepStrictEqual(judged(polls.toReversed()), judged(polls))
    }
  )
})

// -----------------------------------------------------------------------------
// secrets
// -----------------------------------------------------------------------------

const deviceCode = "Zk3vN0dPq8wXyT1uR5sA7bC9eF2gH4jK6mL8nQ0rS1tU3vW5xY7z"

const secrets = [
  { what: "device code", text: deviceCode, login: 7 },
  { what: "user code", text: "BCDF-GHJK", login: 8 }
]

const found = (text: string) => Secrets.violationsIn(secrets, [{ at: 0, rows: [["public.cluster_messages", text]] }])

describe("the search for secrets (W8)", () => {
  it("finds a secret in a copy of the database, in each form, and names its login and its table", () => {
    for (
      const form of [
        deviceCode,
        deviceCode.slice(9, 40),
        Buffer.from(deviceCode).toString("hex"),
        Buffer.from(`a${deviceCode}`).toString("base64")
      ]
    ) {
      assert.deepStrictEqual(found(`(1,"{""code"":""${form}""}")`), [
        { law: "secrets", login: 7, what: "the table public.cluster_messages shows a device code" }
      ])
    }
    for (const form of ["BCDF-GHJK", "BCDFGHJK", Buffer.from("BCDF-GHJK").toString("base64")]) {
      assert.deepStrictEqual(found(`(1,${form})`).map(({ login }) => login), [8], form)
    }
  })

  it("finds a secret in a log", () => {
    assert.deepStrictEqual(Secrets.violationsIn(secrets, [], [["1.1", `a ${deviceCode} b`]]).map(({ what }) => what), [
      "the log 1.1 shows a device code"
    ])
  })

  it("finds nothing where there is none, nor in a short part", () => {
    assert.deepStrictEqual(found("(1,chaos-7,pending)"), [])
    assert.deepStrictEqual(found(deviceCode.slice(0, 15)), [])
    assert.deepStrictEqual(found("BCDF-GHJ"), [])
  })

  it("shows no secret in what it says", () => {
    const told = JSON.stringify(found(`${deviceCode} BCDF-GHJK`))
    assert.notInclude(told, deviceCode.slice(0, 8))
    assert.notInclude(told, "BCDF")
  })
})

// -----------------------------------------------------------------------------
// the plan
// -----------------------------------------------------------------------------

describe("the plan of a run", () => {
  it("depends on the seed alone", () => {
    for (const isFull of [false, true]) {
      const plan = (seed: number) => Plan.make({ seed, logins: 300, isFull })
      assert.deepStrictEqual(plan(7), plan(7))
      assert.notDeepEqual(plan(7).people, plan(8).people)
      assert.notDeepEqual(plan(7).scenes, plan(8).scenes)
      assert.notDeepEqual(plan(7).delays, plan(8).delays)
    }
  })

  it("gives a person the same act, however many others there are", () => {
    const people = (logins: number) => Plan.make({ seed: 7, logins, isFull: false }).people
    assert.deepStrictEqual(people(50), people(300).slice(0, 50))
  })

  it.prop(
    "has 2 or 20 blows of each kind, freezes for longer than a lock lives, and strikes no runner twice in a scene",
    [Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })), Schema.Boolean],
    ([seed, isFull]) => {
      const { scenes } = Plan.make({ seed, logins: 1, isFull })
      const strikes = scenes.flat()
      for (const kind of ["SIGKILL", "SIGSTOP", "SIGTERM"]) {
        assert.strictEqual(strikes.filter((one) => one.kind === kind).length, isFull ? 20 : 2)
      }
      for (const { kind, pause } of strikes) if (kind === "SIGSTOP") assert.isAbove(pause, 15_000)
      for (const scene of scenes) {
        const victims = scene.map(({ runner }) => runner)
        assert.strictEqual(new Set(victims).size, victims.length)
        for (const victim of victims) assert.isTrue(victim >= 0 && victim < Plan.runners)
      }
    }
  )

  it("has persons of each kind, and each decides before the code expires", () => {
    const { life, people } = Plan.make({ seed: 1, logins: 300, isFull: false })
    assert.strictEqual(new Set(people.map(({ does }) => does)).size, 5)
    for (const { after } of people) assert.isBelow(after, (life - 20) * 1000)
  })
})

// -----------------------------------------------------------------------------
// the report
// -----------------------------------------------------------------------------

describe("the report of a run", () => {
  it("gives the least value that so many do not exceed", () => {
    const values = [9, 1, 5, 3, 7, 2, 8, 4, 6, 10]
    assert.deepStrictEqual([0.5, 0.9, 1].map((part) => Report.quantile(values, part)), [5, 9, 10])
    assert.strictEqual(Report.quantile([], 0.5), 0)
  })

  it("names each violation with its login, and the command that shows it again", () => {
    const text = Report.verdict([{ law: "early", login: 3, what: "it polled" }], "pnpm chaos --seed 7").join("\n")
    assert.include(text, "early, login 3: it polled")
    assert.include(text, "replay: pnpm chaos --seed 7")
    assert.deepStrictEqual(Report.verdict([], "pnpm chaos --seed 7"), ["no violation"])
  })
})
