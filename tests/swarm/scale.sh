# One task becomes ten, and ten become three: newcomers get requests as soon as they run, leavers none after they were
# told to leave.
mola_up
serve web 1
must "one task is in the table" within 20 agree web 1
load_start web.test
scale web 10
check "ten tasks are in the table" within 40 agree web 10
bench up "$(since_started web)" s
load_goes_on 100
check "each of ten is asked" within 10 api_is '/api/v1/tasks?service=web' '[.tasks[] | select(.requests_total > 0)] | length == 10'
scale web 3
within 20 run_on web 3
event=$(now)
check "three tasks are in the table" within 20 agree web 3
bench down "$(since "$event")" s
load_stop
check "Mola ends in order" mola_stop
