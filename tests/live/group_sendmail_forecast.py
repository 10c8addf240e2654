"""What receivers will conclude, through Sendmail 8.17."""

import cases_forecast
from stage.suite import Group

group = Group("sendmail-forecast", lambda options: cases_forecast.ForecastWorld(
    options, "sendmail-forecast", "sendmail"))
cases_forecast.add_to(group)
