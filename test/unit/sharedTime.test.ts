import { SharedTime } from '../../domain/plan/sharedTime';

test('what several use at once is shared among them, and all of the time is somebody’s', () => {
  let now = 1_000;
  const time = new SharedTime(() => now);
  const leaveFirst = time.join();
  now += 10;
  const leaveSecond = time.join();
  now += 20;
  expect(leaveFirst()).toBe(10 + 10);
  now += 5;
  expect(leaveSecond()).toBe(10 + 5);
  expect(leaveFirst()).toBe(20);
  expect(time.users).toBe(0);
  now += 1_000;
  const leaveThird = time.join();
  now += 7;
  expect(leaveThird()).toBe(7);
});
