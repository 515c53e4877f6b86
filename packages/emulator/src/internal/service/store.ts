/**
 * Entries by their keys, bounded in number and in bytes.
 *
 * When there is no room, entries that are over go first, and then the entry that was unused for the longest time. An entry
 * that a person or a poller is busy with stays, so that nothing which is written can end a login under way.
 */
import * as Size from "./size.ts"

export interface Limits {
  readonly capacity: number
  readonly capacityBytes: number
}

interface Entry<A> {
  readonly value: A
  readonly bytes: number
  /** Numbers the entries as they came, since use moves them. */
  readonly made: number
  busy: { readonly since: number; readonly until: number } | undefined
}

// The entry itself, and its place in the maps
const overhead = 256

export const make = <A>(
  options: Limits & {
    /** What is measured of a value: not what other stores measure. */
    readonly content: (value: A) => unknown
    /** Whether nothing can come of it any more. */
    readonly isOver: (value: A, now: number) => boolean
    /** The client that it belongs to. */
    readonly owner?: (value: A) => string
    /** Called with each entry that leaves by any way but `set`. */
    readonly onDrop?: (value: A) => void
  }
) => {
  // the one that was unused for the longest time comes first
  const entries = new Map<string, Entry<A>>()
  const owned = new Map<string, Set<string>>()
  let bytes = 0
  let made = 0

  const sizeOf = (key: string, value: A): number => overhead + Size.of(key) + Size.of(options.content(value))

  const forget = (key: string, entry: Entry<A>): void => {
    entries.delete(key)
    bytes -= entry.bytes
    const owner = options.owner?.(entry.value)
    if (owner === undefined) return
    const keys = owned.get(owner)
    keys?.delete(key)
    if (keys?.size === 0) owned.delete(owner)
  }

  const drop = (key: string): void => {
    const entry = entries.get(key)
    if (entry === undefined) return
    forget(key, entry)
    options.onDrop?.(entry.value)
  }

  const fits = (size: number): boolean => entries.size < options.capacity && bytes + size <= options.capacityBytes

  // a clock that was set back says nothing of how long ago that was
  const isBusy = ({ busy }: Entry<A>, now: number): boolean =>
    busy !== undefined && now >= busy.since && now < busy.until

  const ownedBy = (owner: string): ReadonlyArray<string> => [...owned.get(owner) ?? []]

  const moved = (key: string, entry: Entry<A>): void => {
    entries.delete(key)
    entries.set(key, entry)
  }

  return {
    get: (key: string): A | undefined => entries.get(key)?.value,
    has: (key: string): boolean => entries.has(key),
    /** Keeps it, in place of what has the same key. It is for the caller to make room before. */
    set: (key: string, value: A): void => {
      const before = entries.get(key)
      if (before !== undefined) forget(key, before)
      const size = sizeOf(key, value)
      entries.set(key, { value, bytes: size, made: before?.made ?? made++, busy: undefined })
      bytes += size
      const owner = options.owner?.(value)
      if (owner !== undefined) owned.set(owner, (owned.get(owner) ?? new Set()).add(key))
    },
    drop,
    /** Drops every entry that this is true of. */
    dropWhere: (test: (value: A) => boolean): void => {
      for (const [key, { value }] of entries) if (test(value)) drop(key)
    },
    dropOwnedBy: (owner: string): void => {
      for (const key of ownedBy(owner)) drop(key)
    },
    ownedBy,
    /** It was used just now. */
    touch: (key: string): void => {
      const entry = entries.get(key)
      if (entry !== undefined) moved(key, entry)
    },
    /** A person or a poller was busy with it just now, and counts as such for so many milliseconds. */
    attend: (key: string, now: number, millis: number): void => {
      const entry = entries.get(key)
      if (entry === undefined) return
      moved(key, entry)
      const until = isBusy(entry, now) ? Math.max(entry.busy?.until ?? 0, now + millis) : now + millis
      entry.busy = { since: now, until }
    },
    /** Makes room for one more, or says that there is none: then everybody is busy with what is here. */
    makeRoom: (key: string, value: A, now: number): boolean => {
      const size = sizeOf(key, value)
      if (size > options.capacityBytes) return false
      if (fits(size)) return true
      for (const [key, entry] of entries) if (options.isOver(entry.value, now)) drop(key)
      for (const [key, entry] of entries) {
        if (fits(size)) return true
        if (!isBusy(entry, now)) drop(key)
      }
      return fits(size)
    },
    /** Whether there is room for all of these beside what is here. What has a key that is here already takes its place. */
    hasRoomFor: (items: ReadonlyArray<readonly [key: string, value: A]>): boolean => {
      let count = entries.size
      let size = bytes
      for (const [key, value] of items) {
        const before = entries.get(key)
        if (before === undefined) count++
        size += sizeOf(key, value) - (before?.bytes ?? 0)
      }
      return count <= options.capacity && size <= options.capacityBytes
    },
    /** As they came, the oldest first. */
    list: (): ReadonlyArray<readonly [key: string, value: A]> =>
      [...entries].toSorted(([, a], [, b]) => a.made - b.made).map(([key, { value }]) => [key, value]),
    clear: (): void => {
      entries.clear()
      owned.clear()
      bytes = 0
    },
    count: (): number => entries.size,
    bytes: (): number => bytes
  }
}

export type Store<A> = ReturnType<typeof make<A>>
