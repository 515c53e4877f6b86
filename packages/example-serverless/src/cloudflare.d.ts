/**
 * What these programs use of Cloudflare Workers. A project of yours has the types of `wrangler types` in its place.
 */
declare module "cloudflare:workers" {
  /** The storage of one object. */
  export interface Storage {
    readonly kv: {
      readonly get: (key: string) => unknown
      readonly put: (key: string, value: unknown) => void
    }
    readonly setAlarm: (time: number) => Promise<void>
    readonly deleteAll: () => Promise<void>
  }

  export abstract class DurableObject {
    protected readonly ctx: { readonly storage: Storage }
  }

  /** The methods of an object, as a Worker calls them. */
  export type Stub<A> = {
    readonly [K in keyof A]: A[K] extends (...args: infer Args) => infer B ? (...args: Args) => Promise<Awaited<B>>
      : never
  }

  /** The objects of one class. */
  export interface Namespace<A> {
    /** The object of a name. It is made when it is first called. */
    readonly getByName: (name: string) => Stub<A>
  }

  /** What belongs to one request. */
  export interface Context {
    /** Lets the work go on after the response, or after the caller has gone away. */
    readonly waitUntil: (work: Promise<unknown>) => void
  }
}
