/** As many as a message may have: whoever applies it takes each of its reports until all of it is applied. */
export const MOST_REPORTS = 500;

/** As many as a report may have. */
export const MOST_OBSERVATIONS = 2_000;
