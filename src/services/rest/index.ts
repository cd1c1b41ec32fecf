export { startRest, type RestListener, type RestOptions } from './server.ts'
export { REST_SERVES, ROUTES } from './routes.ts'
