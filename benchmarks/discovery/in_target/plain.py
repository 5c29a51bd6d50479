"""The rounds alone, for a profiler that starts the program itself, which ends as programs do: the profile is written then."""

from looping import arguments, repeat

work, rounds, warm_up, _, _ = arguments()
repeat(work, warm_up + rounds)
