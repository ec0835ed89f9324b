export { Fixer, type Fixed, type Offer } from './fixer';
