import { startServices } from '../../../../infra/local/services/start-services.ts';

/** Starts everything in the folder named by the first argument, says where it is, and runs until it is killed. */
const services = await startServices({ home: process.argv[2] ?? '', eventLog: 'kafka' });
process.stdout.write(`${JSON.stringify(services.urls)}\n`);
setInterval(() => undefined, 60_000);
