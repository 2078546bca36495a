const { default: Sequencer } = require('@jest/test-sequencer');

/** Folders of tests that take minutes; within one, what jest would do. */
const LONGEST = ['simulation', 'end-to-end', 'faults', 'audit', 'workflow'];

/** Where no durations are known, jest starts with the largest files, and what takes longest would come last and alone. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const place = ({ path }) => LONGEST.findIndex((folder) => path.includes(`/test/${folder}/`)) >>> 0;
    return super.sort(tests).sort((one, other) => place(one) - place(other));
  }
};
