// What the page did, for tests and for the curious: charts by name, milliseconds, errors.
export const report = { ready: false, sections: [], charts: {}, tables: {}, timings: {}, errors: [] };
window.rainierReport = report;
addEventListener("error", (event) => report.errors.push(event.message));
addEventListener("unhandledrejection", (event) => report.errors.push(String(event.reason)));
