/** How many cases a property test tries: few by default, many with `SLOW` set in the environment. */
export const PROPERTY = { numRuns: process.env['SLOW'] ? 2000 : 60 }
