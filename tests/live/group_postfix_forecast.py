"""What receivers will conclude, through Postfix 3.7."""

import cases_forecast
from stage.suite import Group

group = Group("postfix-forecast", lambda options: cases_forecast.ForecastWorld(
    options, "postfix-forecast", "postfix", settings={"smtpd_error_sleep_time": "0"}))
cases_forecast.add_to(group)
