// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/consumers/egl-device.h"

#include <EGL/eglext.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool zcb_egl_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; at && (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

static EGLDeviceEXT choose_device(struct zcb_error *err)
{
	PFNEGLQUERYDEVICESEXTPROC devices =
		(PFNEGLQUERYDEVICESEXTPROC)eglGetProcAddress("eglQueryDevicesEXT");
	PFNEGLQUERYDEVICESTRINGEXTPROC words =
		(PFNEGLQUERYDEVICESTRINGEXTPROC)eglGetProcAddress("eglQueryDeviceStringEXT");
	const char *asked = getenv("ZCB_EGL_DEVICE");
	bool software = !asked || strcmp(asked, "gpu") != 0;
	EGLDeviceEXT list[16];
	EGLint n = 0;

	if (!devices || !words || !devices(16, list, &n))
		n = 0;
	for (EGLint i = 0; i < n; i++)
		if (zcb_egl_has(words(list[i], EGL_EXTENSIONS), "EGL_MESA_device_software") == software)
			return list[i];
	zcb_fail(err, -EOPNOTSUPP, "host set-up: EGL has %d devices and none of them %s: install Mesa's "
		 "libegl-mesa0 and libgl1-mesa-dri%s", n, software ? "draws in software" : "is a GPU",
		 software ? "" : ", or leave ZCB_EGL_DEVICE away");
	return EGL_NO_DEVICE_EXT;
}

int zcb_egl_display(EGLDisplay *ret_display, struct zcb_error *err)
{
	EGLDeviceEXT device = choose_device(err);

	if (device == EGL_NO_DEVICE_EXT)
		return -EOPNOTSUPP;
	*ret_display = eglGetPlatformDisplay(EGL_PLATFORM_DEVICE_EXT, device, NULL);
	if (*ret_display == EGL_NO_DISPLAY || !eglInitialize(*ret_display, NULL, NULL))
		return zcb_fail(err, -EOPNOTSUPP, "host set-up: the EGL device does not start: error 0x%x",
				eglGetError());
	return 0;
}
