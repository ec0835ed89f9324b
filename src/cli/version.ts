/** The version of this package. */
export { version } from '../../package.json';
