/**
 * CreateTokenWithIAM of AWS IAM Identity Center for Effect: the signed operation of trusted identity propagation.
 *
 * @since 0.1.0
 */
export * as CreateTokenWithIAM from "./CreateTokenWithIAM.ts"
export * as Credentials from "./Credentials.ts"
export * as IamError from "./IamError.ts"
