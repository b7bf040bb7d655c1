#include "bench/base/error.h"
#include "bench/commands/command.h"
#include "reports/report.h"
int zcb_command_doctor(int c, char **v){return 0;} int zcb_command_report(int c,char**v){return 0;}
int zcb_report_write(const char*a,const char*b,struct zcb_error*e){return zcb_fail(e,-1,"none yet");}
#include "bench/target/accel.h"
int zcb_accel_choose(const struct zcb_target_config *c, bool a, struct zcb_accel_choice *r, struct zcb_error *e){ r->accel=ZCB_ACCEL_TCG; r->reason[0]=0; return 0; }
