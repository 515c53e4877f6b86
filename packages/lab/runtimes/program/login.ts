/** The start URL of every login of the runs, which a relay must know too. */
export const startUrl = "https://runtimes.awsapps.com/start"
