import { finds, isOfExchange } from "./support/brokenTransports.ts"

finds((guarantee) => !isOfExchange(guarantee))
