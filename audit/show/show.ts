import { MEDIA_TYPES } from '../../schemas/names';
import type { Subject } from '../find/subject';
import type { Archive } from '../index/archive';
import type { Shown } from './page';
import { showBlob, showEntry, showRow } from './showBlob';
import { showEpisode, showTurn } from './showEpisode';
import { metricsOf, scoresOf, showRound } from './showRound';
import { showStage } from './showStage';

/** What there is to say about something of a campaign. */
export async function show(archive: Archive, subject: Subject): Promise<Shown> {
  switch (subject.kind) {
    case 'round':
      return showRound(archive, subject.name);
    case 'score':
      return showScore(archive, subject.policy);
    case 'stage':
    case 'manifest':
      return showStage(subject.stage);
    case 'episode':
    case 'rating':
      return showEpisode(archive, subject.place);
    case 'turn':
      return showTurn(archive, subject.place, subject.number);
    case 'row':
      return showRow(subject.stage.id, subject.row);
    case 'entry':
      return showEntry(subject.entry);
    case 'plan':
      return showBlob(archive, {
        digest: subject.digest,
        what: `plan of campaign ${archive.campaign.id}`,
        mediaType: MEDIA_TYPES.plan,
      });
    case 'artifact': {
      const { digest, role, stage } = subject;
      const mediaType = stage.result.outputs[role]?.mediaType ?? null;
      return showBlob(archive, { digest, what: `${role} of ${stage.id}`, mediaType });
    }
    case 'file': {
      const { digest, role, stage, name } = subject;
      return showBlob(archive, { digest, what: `${name} in ${role} of ${stage.id}`, mediaType: null });
    }
    case 'blob':
      return showBlob(archive, { digest: subject.digest, what: `blob ${subject.digest}`, mediaType: null });
  }
}

async function showScore(archive: Archive, name: string): Promise<Shown> {
  const { policy, comparisons } = await scoresOf(archive, name);
  return {
    page: {
      title: `${name} in campaign ${archive.campaign.id}`,
      facts: [],
      sections: [{ title: 'scores, with 95 % intervals', lines: policy ? metricsOf(policy) : ['none yet'] }],
    },
    document: { kind: 'score', policy: name, scores: policy ?? null, comparisons },
  };
}
