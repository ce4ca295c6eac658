/** What is made up at random is the same in every run of `npm test`; `npm run fuzz` goes where nobody was. */
import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20261121 });
